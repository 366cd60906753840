/// What command and server say to each other over `run.sock`.
///
/// Both begin with `hello`; when the versions agree the command sends its command line, and then answers
/// the server's requests until the exit status comes. Descriptions show no content: a frame may carry a
/// password, addresses or mail.
enum ShellFrame: Sendable, Equatable {
    /// Each side's version; the one frame that all versions share.
    case hello(version: String)
    /// The server's answer to a user whom it does not serve.
    case otherUser
    case command([String], TerminalInfo)
    case request(UInt32, ShellRequest)
    case reply(UInt32, ShellReply)
    case exit(Int32)
}

/// What the server asks of the command's process, each answered by the ``ShellReply`` of the same number.
enum ShellRequest: Sendable, Equatable {
    case write([UInt8], ConsoleStream)
    case readPassword(prompt: String)
    case readLine
    /// Opens `path` as file `file`, a number that the server chooses.
    case openInput(file: UInt32, path: String)
    case read(file: UInt32)
    case openOutput(file: UInt32, path: String, mode: UInt32)
    case append(file: UInt32, [UInt8])
    case commit(file: UInt32)
    /// Closes the file, and removes it if it is an output not committed; the server awaits no reply.
    case close(file: UInt32)
}

enum ShellReply: Sendable, Equatable {
    case done
    /// None at the end of a file.
    case bytes([UInt8])
    case line(String)
    case failure(ShellError)
}

extension ShellFrame: CustomStringConvertible, CustomDebugStringConvertible {
    var description: String {
        switch self {
        case .hello(let version): "hello(\(version))"
        case .otherUser: "otherUser"
        case .command: "command"
        case .request(let number, let request): "request(\(number), \(request))"
        case .reply(let number, let reply): "reply(\(number), \(reply))"
        case .exit(let status): "exit(\(status))"
        }
    }

    var debugDescription: String { description }
}

extension ShellRequest: CustomStringConvertible, CustomDebugStringConvertible {
    var description: String {
        switch self {
        case .write(let bytes, let stream): "write(\(bytes.count) bytes, \(stream))"
        case .readPassword: "readPassword"
        case .readLine: "readLine"
        case .openInput(let file, _): "openInput(\(file))"
        case .read(let file): "read(\(file))"
        case .openOutput(let file, _, _): "openOutput(\(file))"
        case .append(let file, let bytes): "append(\(file), \(bytes.count) bytes)"
        case .commit(let file): "commit(\(file))"
        case .close(let file): "close(\(file))"
        }
    }

    var debugDescription: String { description }
}

extension ShellReply: CustomStringConvertible, CustomDebugStringConvertible {
    var description: String {
        switch self {
        case .done: "done"
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .line: "line"
        case .failure(let error): "failure(\(error.code))"
        }
    }

    var debugDescription: String { description }
}
