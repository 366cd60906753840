package import NIOCore

/// What a protocol adds to a connection to a mail server, so that all of them are made, and explained, in one way.
package protocol MailProtocol: Sendable {
    /// What its reader is handed.
    associatedtype Inbound: Sendable
    associatedtype Upgrade: UpgradeNegotiation
    associatedtype Failure: MailProtocolError

    var endpoint: MailEndpoint { get }

    /// What is said before TLS with `STARTTLS` or `STLS`.
    func makeUpgrade() -> Upgrade

    /// Puts in what turns bytes into what the reader is handed.
    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations) throws
}

/// An error of a protocol's client, which may be one of the connection below.
package protocol MailProtocolError: Error {
    /// What happened, in words that hold nothing of the server's or the user's.
    var message: String { get }
    /// Set where the certificate is not valid.
    var certificateProblem: ConnectionError.CertificateProblem? { get }
    var cause: (any Error)? { get }

    init(_ error: ConnectionError)

    /// What an error of the layers below means to who reads mail.
    static func wrapping(_ error: any Error) -> Self
}
