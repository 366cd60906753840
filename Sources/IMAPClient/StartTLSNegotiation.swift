import IMAPCore
import MailConnection
import NIOCore

/// What is said in plain text before TLS with `STARTTLS` (RFC 9051, 6.2.1).
struct StartTLSNegotiation {
    enum Action: Equatable {
        case wait
        case send(IMAPCommand, tag: String)
        /// The next byte in either direction belongs to TLS.
        case upgrade
    }

    private enum State {
        case greeting
        case capability(offered: [String]?)
        case startTLS
    }

    private var state = State.greeting

    mutating func receive(_ fragment: IMAPFragment) throws(IMAPError) -> Action {
        switch (state, fragment) {
        case (_, .response(.status(let status))) where status.condition == .bye:
            throw IMAPError(farewell: status)
        case (.greeting, .response(.status(let status))): return try greet(status)
        case (.greeting, _): throw IMAPError(.invalidResponse, "the server did not begin with a greeting")
        case (.capability, .response(.capability(let names))):
            state = .capability(offered: names)
            return .wait
        case (.capability(let offered), .response(.tagged("S1", let status))):
            guard status.condition == .ok else { throw IMAPError(refusing: .capability, status) }
            return try startTLS(offered: offered ?? [])
        case (.startTLS, .response(.tagged("S2", let status))):
            guard status.condition == .ok else {
                throw IMAPError(
                    .startTLSNotOffered,
                    "the server refused STARTTLS",
                    responseCode: status.code?.name,
                    serverText: status.text
                )
            }
            return .upgrade
        case (_, .response(.tagged)), (_, .response(.continuation)):
            throw IMAPError(.invalidResponse, "the server answered what was not asked")
        default: return .wait
        }
    }

    private mutating func greet(_ status: IMAPStatus) throws(IMAPError) -> Action {
        guard status.condition == .ok else {
            throw IMAPError(.startTLSNotOffered, "the server's greeting leaves no room for STARTTLS")
        }
        if case .capability(let names) = status.code { return try startTLS(offered: names) }
        state = .capability(offered: nil)
        return .send(.capability, tag: "S1")
    }

    private mutating func startTLS(offered: [String]) throws(IMAPError) -> Action {
        guard offered.contains("STARTTLS") else {
            throw IMAPError(.startTLSNotOffered, "the server does not offer STARTTLS")
        }
        state = .startTLS
        return .send(.startTLS, tag: "S2")
    }
}

/// The negotiation as it goes over the wire.
struct StartTLSUpgrade: UpgradeNegotiation {
    private var negotiation = StartTLSNegotiation()
    private var decoder: IMAPResponseDecoder

    init(limits: IMAPLimits) {
        decoder = IMAPResponseDecoder(limits: limits)
    }

    mutating func receive(_ buffer: inout ByteBuffer) throws -> UpgradeAction? {
        guard let fragment = try decoder.decode(buffer: &buffer) else { return nil }
        switch try negotiation.receive(fragment) {
        case .wait: return .wait
        case .send(let command, let tag):
            var bytes = ByteBuffer()
            for var part in try IMAPCommandEncoder().encode(command, tag: tag) { bytes.writeBuffer(&part) }
            return .send(bytes)
        case .upgrade: return .upgrade
        }
    }
}
