import Foundation
import NIOCore

/// The form in which a summary is sealed: a version byte, the SHA-256, then the other fields in their order, each text
/// behind its length (RFC 9000 section 16).
///
/// A backup reads a page of SHA-256s again for its manifest, and a mailbox has very many summaries: JSON took as long as
/// all of reading the mails' headers.
extension MessageSummary {
    private static let version: UInt8 = 1

    var encoded: [UInt8] {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(1024)
        buffer.writeInteger(Self.version)
        buffer.writeLengthPrefixed(strategy: .quic) { $0.writeBytes(sha256) }
        buffer.write(messageID)
        buffer.write(subject)
        for parties in [from, to, cc] {
            buffer.write(count: parties.count)
            for party in parties {
                buffer.write(party.name)
                buffer.write(party.address)
            }
        }
        buffer.write(snippet)
        buffer.write(count: attachments.count)
        for attachment in attachments {
            buffer.write(attachment.name)
            buffer.write(attachment.contentType)
            buffer.write(count: attachment.size)
        }
        return Array(buffer.readableBytesView)
    }

    init(encoded bytes: Data) throws {
        var buffer = ByteBuffer(bytes: bytes)
        sha256 = try Self.readSHA256(&buffer)
        messageID = try buffer.readOptionalText()
        subject = try buffer.readText()
        func parties() throws -> [Party] {
            try (0..<buffer.readCount()).map { _ in
                Party(name: try buffer.readOptionalText(), address: try buffer.readText())
            }
        }
        from = try parties()
        to = try parties()
        cc = try parties()
        snippet = try buffer.readText()
        attachments = try (0..<buffer.readCount()).map { _ in
            Attachment(
                name: try buffer.readOptionalText(),
                contentType: try buffer.readText(),
                size: try buffer.readCount()
            )
        }
    }

    /// The message's SHA-256 alone.
    static func sha256(inEncoded bytes: Data) throws -> Data {
        var buffer = ByteBuffer(bytes: bytes.prefix(64))
        return try readSHA256(&buffer)
    }

    private static func readSHA256(_ buffer: inout ByteBuffer) throws -> Data {
        guard buffer.readInteger() == Self.version, let hash = buffer.readLengthPrefixedSlice(strategy: .quic) else {
            throw Malformed()
        }
        return Data(hash.readableBytesView)
    }

    /// Bytes that are no summary.
    fileprivate struct Malformed: Error {}
}

extension ByteBuffer {
    fileprivate mutating func write(_ text: String) {
        writeLengthPrefixedString(text, strategy: .quic)
    }

    fileprivate mutating func write(_ text: String?) {
        writeInteger(UInt8(text == nil ? 0 : 1))
        if let text { write(text) }
    }

    fileprivate mutating func write(count: Int) {
        writeEncodedInteger(max(0, count), strategy: .quic)
    }

    fileprivate mutating func readText() throws -> String {
        guard let text = readLengthPrefixedString(strategy: .quic) else { throw MessageSummary.Malformed() }
        return text
    }

    fileprivate mutating func readOptionalText() throws -> String? {
        guard let isPresent = readInteger(as: UInt8.self) else { throw MessageSummary.Malformed() }
        return isPresent == 0 ? nil : try readText()
    }

    fileprivate mutating func readCount() throws -> Int {
        guard let count = readEncodedInteger(as: Int.self, strategy: .quic) else { throw MessageSummary.Malformed() }
        return count
    }
}
