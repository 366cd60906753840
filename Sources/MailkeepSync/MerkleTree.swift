import Crypto
package import Foundation

/// The root over a backup's message hashes: the Merkle tree hash of RFC 9162, section 2.1.1, computed as leaves come.
package struct MerkleTree: Sendable {
    /// Roots of complete subtrees, the largest first, with their number of leaves.
    private var subtrees: [(hash: SHA256.Digest, leaves: Int)] = []

    package init() {}

    /// Appends a leaf: the SHA-256 of a message's raw bytes.
    package mutating func append(_ leaf: Data) {
        var hash = SHA256.hash(data: [0] + leaf)
        var leaves = 1
        while let last = subtrees.last, last.leaves == leaves {
            hash = Self.node(last.hash, hash)
            leaves &*= 2
            subtrees.removeLast()
        }
        subtrees.append((hash, leaves))
    }

    /// The root of all leaves so far; of none, the SHA-256 of nothing.
    package var root: Data {
        guard var root = subtrees.last?.hash else { return Data(SHA256.hash(data: Data())) }
        for subtree in subtrees.dropLast().reversed() { root = Self.node(subtree.hash, root) }
        return Data(root)
    }

    private static func node(_ left: SHA256.Digest, _ right: SHA256.Digest) -> SHA256.Digest {
        var hash = SHA256()
        hash.update(data: [1])
        hash.update(data: Data(left))
        hash.update(data: Data(right))
        return hash.finalize()
    }
}
