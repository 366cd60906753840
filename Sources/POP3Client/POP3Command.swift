import NIOCore

/// The commands that a reader needs; none changes or deletes anything in a mailbox.
enum POP3Command: Sendable, Equatable {
    /// RFC 2449, 5.
    case capabilities
    /// RFC 2595, 4.
    case startTLS
    /// RFC 6856, 2: mails come as they are, internationalised headers included.
    case utf8
    /// RFC 1939, 7.
    case user(String)
    case password(String)
    /// RFC 5034, 4: with the initial response, or without where the line would be too long.
    case authenticatePlain(String?)
    /// A line of an authentication exchange.
    case response(String)
    /// RFC 1939, 5.
    case list
    /// RFC 1939, 7.
    case uniqueIDs
    case top(UInt32)
    case retrieve(UInt32)
    case quit

    /// The form of the answer, where it is a good one.
    var answer: POP3AnswerDecoder.Form {
        switch self {
        case .capabilities, .list, .uniqueIDs: .lines
        case .top, .retrieve: .message
        case .startTLS, .utf8, .user, .password, .authenticatePlain, .response, .quit: .status
        }
    }

    /// Appends the command with its line's end.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeString(line)
        buffer.writeString("\r\n")
    }

    private var line: String {
        switch self {
        case .capabilities: "CAPA"
        case .startTLS: "STLS"
        case .utf8: "UTF8"
        case .user(let name): "USER \(name)"
        case .password(let password): "PASS \(password)"
        case .authenticatePlain(let response): "AUTH PLAIN" + (response.map { " \($0)" } ?? "")
        case .response(let text): text
        case .list: "LIST"
        case .uniqueIDs: "UIDL"
        case .top(let number): "TOP \(number) 0"
        case .retrieve(let number): "RETR \(number)"
        case .quit: "QUIT"
        }
    }
}

extension POP3Command: CustomStringConvertible {
    /// The command's name, without what may be secret.
    var description: String {
        switch self {
        case .response: "the sign-in"
        default: String(line.prefix { $0 != " " })
        }
    }
}
