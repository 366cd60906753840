/// A status response: the outcome of a command, a greeting, a warning or a farewell (RFC 9051, 7.1).
package struct IMAPStatus: Sendable, Equatable {
    package enum Condition: String, Sendable, Equatable {
        case ok = "OK"
        case no = "NO"
        case bad = "BAD"
        case preauth = "PREAUTH"
        case bye = "BYE"
    }

    package let condition: Condition
    package let code: IMAPResponseCode?
    /// What the server says to people; often empty.
    package let text: String

    package init(_ condition: Condition, code: IMAPResponseCode? = nil, text: String = "") {
        self.condition = condition
        self.code = code
        self.text = text
    }
}

/// What stands in brackets before a status response's text (RFC 9051, 7.1).
package enum IMAPResponseCode: Sendable, Equatable {
    case capability([String])
    case uidValidity(UInt32)
    case uidNext(UInt32)
    /// The highest modification sequence of the mailbox that is being opened (RFC 7162, 3.1.2.1).
    case highestModSeq(UInt64)
    /// The server stopped after `messages` messages, the last one being `uid`; lower ones are outstanding (RFC 9738).
    case messageLimit(uid: UInt32)
    /// What identifies the mailbox that is being opened beyond its name (RFC 8474, 4.2).
    case mailboxID(String)
    /// Too much was asked for in too short a time, as Gmail and Yahoo say.
    case throttled
    case overQuota
    /// A limit of the server's is reached, such as that of connections (RFC 9051, 7.1).
    case limit
    /// Someone else keeps the mailbox to themselves for a while (RFC 9051, 7.1).
    case inUse
    /// A part of the server does not work for now (RFC 9051, 7.1).
    case unavailable
    /// Where messages were appended to, and what they are called there, in their order (RFC 4315, 3).
    case appendUID(uidValidity: UInt32, IMAPUIDSet)
    /// Any other code: its name in capitals and what follows it.
    case other(name: String, arguments: String)

    /// The code's name in capitals.
    package var name: String {
        switch self {
        case .capability: "CAPABILITY"
        case .uidValidity: "UIDVALIDITY"
        case .uidNext: "UIDNEXT"
        case .highestModSeq: "HIGHESTMODSEQ"
        case .messageLimit: "MESSAGELIMIT"
        case .mailboxID: "MAILBOXID"
        case .throttled: "THROTTLED"
        case .overQuota: "OVERQUOTA"
        case .limit: "LIMIT"
        case .inUse: "INUSE"
        case .unavailable: "UNAVAILABLE"
        case .appendUID: "APPENDUID"
        case .other(let name, _): name
        }
    }
}
