import Crypto
import Foundation
import Testing

@testable import MailkeepSync

@Suite("The root over a backup's messages")
struct MerkleTreeTests {
    @Test("The root is the Merkle tree hash of RFC 9162, after every leaf", arguments: 0...70)
    func root(count: Int) {
        let leaves = (0..<count).map { Data(SHA256.hash(data: Data("message \($0)".utf8))) }
        var tree = MerkleTree()
        for (index, leaf) in leaves.enumerated() {
            #expect(tree.root == Self.hash(leaves[..<index]))
            tree.append(leaf)
        }
        #expect(tree.root == Self.hash(leaves[...]))
    }

    @Test("The roots of nothing and of one empty leaf are those that everybody knows")
    func knownRoots() {
        var tree = MerkleTree()
        #expect(tree.root.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        tree.append(Data())
        #expect(tree.root.hex == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    }

    @Test("The order of the leaves, their number and each of their bits count")
    func sensitivity() {
        func root(_ leaves: [Data]) -> Data {
            var tree = MerkleTree()
            for leaf in leaves { tree.append(leaf) }
            return tree.root
        }
        let leaves = (0..<5).map { Data(repeating: $0, count: 32) }
        var changed = leaves
        changed[3][31] ^= 1
        let roots = [leaves, leaves.reversed(), leaves.dropLast(), leaves + leaves.suffix(1), changed].map {
            root(Array($0))
        }
        #expect(Set(roots).count == roots.count)
    }

    /// RFC 9162, section 2.1.1, word by word.
    private static func hash(_ leaves: ArraySlice<Data>) -> Data {
        guard let first = leaves.first else { return Data(SHA256.hash(data: Data())) }
        guard leaves.count > 1 else { return Data(SHA256.hash(data: [0] + first)) }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        return Data(SHA256.hash(data: [1] + hash(leaves.prefix(half)) + hash(leaves.dropFirst(half))))
    }
}
