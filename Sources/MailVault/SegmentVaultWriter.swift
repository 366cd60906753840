import Crypto
import FoundationEssentials
import MailkeepKeys
import Synchronization

/// Takes one message: at most 1 MiB stays in memory, the rest waits sealed in a file without a name.
final class SegmentVaultWriter: VaultWriter {
    private struct Message {
        var hash = SHA256()
        var size: Int64 = 0
        var frameCount = 0
        let salt = (0..<2).flatMap { _ in withUnsafeBytes(of: UInt64.random(in: .min ... .max)) { Array($0) } }
        var spool: Spool?
    }

    private struct Spool {
        let file: OpenFile
        var length: Int64 = 0
    }

    private let vault: SegmentVault
    private let message = Mutex<Message?>(Message())
    /// The frame of the message that is being filled, by whom has the message.
    private let frame: FrameBuffer

    init(_ vault: SegmentVault) {
        self.vault = vault
        frame = vault.frames.takeBuffer()
    }

    deinit {
        vault.frames.giveBack(frame)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try vault.checkPoison()
        try message.withLock { message in
            guard message != nil else { throw Self.finished }
            message?.hash.update(bufferPointer: bytes)
            message?.size += Int64(bytes.count)
            var rest = bytes[...]
            while !rest.isEmpty {
                if frame.bytes.count == SegmentFormat.frameSize { try spoolFrame(of: &message) }
                let taken = rest.prefix(SegmentFormat.frameSize - frame.bytes.count)
                frame.bytes.append(contentsOf: taken)
                rest = rest.dropFirst(taken.count)
            }
        }
    }

    func finish(isKnown: (VaultEntryID) throws -> VaultLocation?) throws -> StoredContent {
        try vault.checkPoison()
        guard let message = message.withLock({ $0.take() }) else { throw Self.finished }
        let sha256 = Array(message.hash.finalize())
        guard let id = VaultEntryID(bytes: vault.keys.contentKey(sha256: sha256)) else { throw Self.finished }
        let (location, isNew) =
            if let known = try isKnown(id) ?? vault.recentLocation(of: id) {
                (known, false)
            } else {
                try append(message, id: id)
            }
        return StoredContent(id: id, sha256: sha256, size: message.size, location: location, isNew: isNew)
    }

    private static var finished: VaultError { VaultError(.finished, "The writer has finished.") }

    /// Seals the full frame into the spool.
    private func spoolFrame(of message: inout Message?) throws {
        guard var current = message.take() else { throw Self.finished }
        var spool = try current.spool ?? Spool(file: vault.directory.makeSpool())
        let sealed = vault.frames.takeBuffer()
        defer { vault.frames.giveBack(sealed) }
        try vault.frames.pack(frame.bytes) { packed in
            try vault.frames.seal(packed, salt: current.salt, index: current.frameCount, header: nil, to: sealed)
        }
        try spool.file.write(sealed.bytes, at: spool.length)
        spool.length += Int64(sealed.bytes.count)
        current.spool = spool
        current.frameCount += 1
        frame.bytes.removeAll(keepingCapacity: true)
        message = current
    }

    private func append(_ message: Message, id: VaultEntryID) throws -> (VaultLocation, Bool) {
        let spooled = message.spool?.length ?? 0
        // The entry's header and its last frame.
        let ends = vault.frames.takeBuffer()
        defer { vault.frames.giveBack(ends) }
        let header = try vault.frames.pack(frame.bytes) { packed in
            let header = EntryHeader(
                id: id,
                contentLength: message.size,
                framesLength: spooled + Int64(packed.frameLength),
                salt: message.salt
            )
            ends.bytes += header.encodedWithChecksum
            try vault.frames.seal(packed, salt: message.salt, index: message.frameCount, header: header, to: ends)
            return header
        }
        return try vault.append(id, length: header.entryLength) { file, offset throws(VaultError) in
            guard let spool = message.spool else { return try file.write(ends.bytes, at: offset) }
            try file.write(ends.bytes.prefix(EntryHeader.length), at: offset)
            let framesOffset = offset + Int64(EntryHeader.length)
            try Self.copy(spool, to: file, at: framesOffset)
            try file.write(ends.bytes.dropFirst(EntryHeader.length), at: framesOffset + spool.length)
        }
    }

    private static func copy(_ spool: Spool, to file: OpenFile, at offset: Int64) throws(VaultError) {
        var done: Int64 = 0
        while done < spool.length {
            let bytes = try spool.file.read(at: done, count: Int(min(spool.length - done, 1 << 20)))
            guard !bytes.isEmpty else { throw VaultError(.ioFailed, "A message's file was cut.") }
            try file.write(bytes, at: offset + done)
            done += Int64(bytes.count)
        }
    }
}
