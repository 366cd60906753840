import NIOCore

/// Frames out of a stream of bytes; throws `malformed`, upon which the connection is closed.
struct ShellFrameDecoder: NIOSingleStepByteToMessageDecoder {
    typealias InboundOut = ShellFrame

    mutating func decode(buffer: inout ByteBuffer) throws -> ShellFrame? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard 1...ShellFrame.limit ~= Int(length) else { throw ShellError.malformed }
        guard buffer.readableBytes >= 4 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        guard var frame = buffer.readSlice(length: Int(length)) else { throw ShellError.malformed }
        return try ShellFrame(from: &frame)
    }

    mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> ShellFrame? {
        try decode(buffer: &buffer)
    }
}

struct ShellFrameEncoder: MessageToByteEncoder {
    typealias OutboundIn = ShellFrame

    func encode(data: ShellFrame, out: inout ByteBuffer) throws {
        try data.write(to: &out)
    }
}
