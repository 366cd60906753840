import Crypto
import FoundationEssentials
import MailkeepKeys
import Synchronization

/// Takes one message: its parts go into the vault as they come, and at most 1 MiB of what is between them stays in memory;
/// the rest waits sealed in a file without a name.
final class SegmentVaultWriter: VaultWriter {
    private struct Message {
        var hash = SHA256()
        var size: Int64 = 0
        var entry: NewEntry
        var parts: [StoredPart] = []
        let splitter: ContentSplitter
    }

    private let vault: SegmentVault
    private let isAnew: Bool
    private let message: Mutex<Message?>
    /// The frame of the recipe that is being filled, and the piece that comes, by whom has the message.
    private let recipe: FrameBuffer
    private let piece: FrameBuffer

    init(_ vault: SegmentVault, isAnew: Bool) {
        self.vault = vault
        self.isAnew = isAnew
        recipe = vault.frames.takeBuffer()
        piece = vault.frames.takeBuffer()
        message = Mutex(
            Message(entry: NewEntry(kind: .recipe), splitter: ContentSplitter(buffer: piece, cuts: vault.cuts))
        )
    }

    deinit {
        vault.frames.giveBack(recipe)
        vault.frames.giveBack(piece)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try vault.checkPoison()
        try message.withLock { state in
            guard var message = state.take() else { throw Self.finished }
            message.hash.update(bufferPointer: bytes)
            message.size += Int64(bytes.count)
            try message.splitter.append(bytes) { try add($0, to: &message.entry, &message.parts) }
            state = message
        }
    }

    func finish() throws -> StoredContent {
        try vault.checkPoison()
        guard var message = message.withLock({ $0.take() }) else { throw Self.finished }
        try message.splitter.finish { try add($0, to: &message.entry, &message.parts) }
        let sha256 = Array(message.hash.finalize())
        let id = try vault.id(sha256: sha256)
        message.entry.contentLength = message.size
        // A single piece is the whole content: what would put it together would name itself.
        let part =
            try message.parts.first { $0.id == id }
            ?? recipe.bytes.withUnsafeBytes {
                try vault.store(message.entry, lastFrame: $0, as: id, isAnew: isAnew)
            }
        return StoredContent(
            id: id,
            sha256: sha256,
            size: message.size,
            location: part.location,
            isNew: part.isNew,
            parts: message.parts.filter { $0.id != id }
        )
    }

    private static var finished: VaultError { VaultError(.finished, "The writer has finished.") }

    private func add(_ piece: ContentSplitter.Piece, to entry: inout NewEntry, _ parts: inout [StoredPart]) throws {
        var step = Recipe.Step(encoding: piece.encoding, isContinued: piece.isContinued, length: piece.bytes.count)
        if piece.isPart {
            let id = try vault.id(sha256: Self.sha256(of: piece.bytes))
            let part = try vault.store(
                NewEntry(kind: .bytes, contentLength: Int64(piece.bytes.count)),
                lastFrame: piece.bytes,
                as: id,
                isAnew: isAnew,
                isSample: piece.encoding == .text
            )
            step.part = id
            parts.append(part)
        }
        try append(Recipe.encode(step), to: &entry)
        if step.part == nil { try append(piece.bytes, to: &entry) }
    }

    private static func sha256(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return Array(hash.finalize())
    }

    private func append(_ bytes: some ContiguousBytes, to entry: inout NewEntry) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                if recipe.bytes.count == SegmentFormat.frameSize {
                    try vault.spool(recipe.bytes, of: &entry)
                    recipe.bytes.removeAll(keepingCapacity: true)
                }
                let taken = rest.prefix(SegmentFormat.frameSize - recipe.bytes.count)
                recipe.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: taken))
                rest = rest.dropFirst(taken.count)
            }
        }
    }
}
