import MailConnection
import NIOCore

/// What is said in plain text before TLS with `STLS` (RFC 2595, 4): nothing that came before is believed afterwards.
struct POP3Upgrade: UpgradeNegotiation {
    private var decoder: POP3AnswerDecoder
    private var isAsked = false

    init(limits: POP3Limits) {
        decoder = POP3AnswerDecoder(limits: limits)
        decoder.begin(.status)
    }

    mutating func receive(_ buffer: inout ByteBuffer) throws -> UpgradeAction? {
        // Bytes behind the greeting's line are no answer to what is asked after it.
        guard case .status(let status) = try decoder.decode(&buffer) else { return nil }
        guard isAsked else {
            guard status.isOK else { throw POP3Error(turningAway: status) }
            isAsked = true
            decoder.begin(.status)
            var command = ByteBuffer()
            POP3Command.startTLS.write(to: &command)
            return .send(command)
        }
        guard status.isOK else {
            throw POP3Error(.startTLSNotOffered, "the server refused STLS", responseCode: status.responseCode)
        }
        return .upgrade
    }
}

extension POP3Error {
    /// A greeting that leaves no room for signing in.
    init(turningAway status: POP3Status) {
        let isRefusal = status.indicator == .error
        self.init(
            isRefusal ? (status.isTemporary ? .throttled : .connection(.connectionClosed)) : .invalidResponse,
            "the server's greeting leaves no room for signing in",
            responseCode: status.responseCode
        )
    }
}
