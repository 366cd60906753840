import MailkeepModel
import NIOCore

/// On the wire a frame is the length of what follows (32 bits, big endian, at most 1 MiB), a type byte
/// and the fields: numbers big endian, text and bytes behind their length.
extension ShellFrame {
    /// The most bytes of type and fields.
    static let limit = 1_048_576

    private static let magic = "mailkeep shell"

    /// Throws `tooLarge` for a frame over the limit.
    func write(to buffer: inout ByteBuffer) throws {
        let start = buffer.writerIndex
        buffer.writeInteger(UInt32(0))
        switch self {
        case .hello(let version):
            buffer.writeInteger(UInt8(1))
            buffer.writeText(Self.magic)
            buffer.writeText(version)
        case .otherUser:
            buffer.writeInteger(UInt8(2))
        case .command(let arguments, let terminal):
            buffer.writeInteger(UInt8(3))
            buffer.writeInteger(UInt32(clamping: arguments.count))
            for argument in arguments { buffer.writeText(argument) }
            terminal.write(to: &buffer)
        case .request(let number, let request):
            buffer.writeInteger(UInt8(4))
            buffer.writeInteger(number)
            request.write(to: &buffer)
        case .reply(let number, let reply):
            buffer.writeInteger(UInt8(5))
            buffer.writeInteger(number)
            reply.write(to: &buffer)
        case .exit(let status):
            buffer.writeInteger(UInt8(6))
            buffer.writeInteger(status)
        }
        let length = buffer.writerIndex - start - 4
        guard length <= Self.limit else {
            buffer.moveWriterIndex(to: start)
            throw ShellError(.tooLarge, "More than 1 MiB at once cannot be sent to the server.")
        }
        buffer.setInteger(UInt32(length), at: start)
    }

    /// Reads type and fields, which must be all of `buffer`; throws `malformed`.
    init(from buffer: inout ByteBuffer) throws {
        switch try buffer.number(UInt8.self) {
        case 1:
            guard try buffer.text() == Self.magic else { throw ShellError.malformed }
            self = .hello(version: try buffer.text())
            // Another version may say more here.
            buffer.moveReaderIndex(to: buffer.writerIndex)
        case 2: self = .otherUser
        case 3:
            var arguments: [String] = []
            for _ in 0..<(try buffer.number(UInt32.self)) { arguments.append(try buffer.text()) }
            self = .command(arguments, try TerminalInfo(from: &buffer))
        case 4: self = .request(try buffer.number(), try ShellRequest(from: &buffer))
        case 5: self = .reply(try buffer.number(), try ShellReply(from: &buffer))
        case 6: self = .exit(try buffer.number())
        default: throw ShellError.malformed
        }
        guard buffer.readableBytes == 0 else { throw ShellError.malformed }
    }
}

extension ShellRequest {
    fileprivate func write(to buffer: inout ByteBuffer) {
        switch self {
        case .write(let bytes, let stream):
            buffer.writeInteger(UInt8(1))
            buffer.writeInteger(stream.rawValue)
            buffer.writeChunk(bytes)
        case .readPassword(let prompt):
            buffer.writeInteger(UInt8(2))
            buffer.writeText(prompt)
        case .readLine:
            buffer.writeInteger(UInt8(3))
        case .openInput(let file, let path):
            buffer.writeInteger(UInt8(4))
            buffer.writeInteger(file)
            buffer.writeText(path)
        case .read(let file):
            buffer.writeInteger(UInt8(5))
            buffer.writeInteger(file)
        case .openOutput(let file, let path, let mode):
            buffer.writeInteger(UInt8(6))
            buffer.writeInteger(file)
            buffer.writeText(path)
            buffer.writeInteger(mode)
        case .append(let file, let bytes):
            buffer.writeInteger(UInt8(7))
            buffer.writeInteger(file)
            buffer.writeChunk(bytes)
        case .commit(let file):
            buffer.writeInteger(UInt8(8))
            buffer.writeInteger(file)
        case .close(let file):
            buffer.writeInteger(UInt8(9))
            buffer.writeInteger(file)
        }
    }

    fileprivate init(from buffer: inout ByteBuffer) throws {
        switch try buffer.number(UInt8.self) {
        case 1:
            guard let stream = ConsoleStream(rawValue: try buffer.number()) else { throw ShellError.malformed }
            self = .write(try buffer.chunk(), stream)
        case 2: self = .readPassword(prompt: try buffer.text())
        case 3: self = .readLine
        case 4: self = .openInput(file: try buffer.number(), path: try buffer.text())
        case 5: self = .read(file: try buffer.number())
        case 6:
            self = .openOutput(file: try buffer.number(), path: try buffer.text(), mode: try buffer.number())
        case 7: self = .append(file: try buffer.number(), try buffer.chunk())
        case 8: self = .commit(file: try buffer.number())
        case 9: self = .close(file: try buffer.number())
        default: throw ShellError.malformed
        }
    }
}

extension ShellReply {
    fileprivate func write(to buffer: inout ByteBuffer) {
        switch self {
        case .done:
            buffer.writeInteger(UInt8(1))
        case .bytes(let bytes):
            buffer.writeInteger(UInt8(2))
            buffer.writeChunk(bytes)
        case .line(let line):
            buffer.writeInteger(UInt8(3))
            buffer.writeText(line)
        case .failure(let error):
            buffer.writeInteger(UInt8(4))
            buffer.writeText(error.code.rawValue)
            buffer.writeText(error.path ?? "")
            buffer.writeText(error.message)
        }
    }

    fileprivate init(from buffer: inout ByteBuffer) throws {
        switch try buffer.number(UInt8.self) {
        case 1: self = .done
        case 2: self = .bytes(try buffer.chunk())
        case 3: self = .line(try buffer.text())
        case 4:
            guard let code = ShellError.Code(rawValue: try buffer.text()) else { throw ShellError.malformed }
            let path = try buffer.text()
            self = .failure(ShellError(code, path: path.isEmpty ? nil : path, try buffer.text()))
        default: throw ShellError.malformed
        }
    }
}

extension TerminalInfo {
    fileprivate func write(to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(isOutputTerminal ? 1 : 0))
        buffer.writeInteger(UInt8(isErrorTerminal ? 1 : 0))
        buffer.writeInteger(UInt16(clamping: width))
        buffer.writeText(locale?.rawValue ?? "")
        buffer.writeText(userName)
        buffer.writeInteger(userID)
        buffer.writeText(directory)
    }

    fileprivate init(from buffer: inout ByteBuffer) throws {
        self.init(
            isOutputTerminal: try buffer.number(UInt8.self) != 0,
            isErrorTerminal: try buffer.number(UInt8.self) != 0,
            width: Int(try buffer.number(UInt16.self)),
            locale: Locale(rawValue: try buffer.text()),
            userName: try buffer.text(),
            userID: try buffer.number(),
            directory: try buffer.text()
        )
    }
}

extension ShellError {
    /// What came over the socket is not in the protocol.
    static var malformed: ShellError {
        ShellError(.malformed, "The other end of the socket does not speak as Mailkeep does.")
    }
}

extension ByteBuffer {
    fileprivate mutating func writeText(_ text: String) {
        writeChunk(Array(text.utf8))
    }

    fileprivate mutating func writeChunk(_ bytes: [UInt8]) {
        writeInteger(UInt32(clamping: bytes.count))
        writeBytes(bytes)
    }

    fileprivate mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
        guard let number = readInteger(as: type) else { throw ShellError.malformed }
        return number
    }

    fileprivate mutating func chunk() throws -> [UInt8] {
        guard let bytes = readBytes(length: Int(try number(UInt32.self))) else { throw ShellError.malformed }
        return bytes
    }

    fileprivate mutating func text() throws -> String {
        guard let text = String(validating: try chunk(), as: UTF8.self) else { throw ShellError.malformed }
        return text
    }
}
