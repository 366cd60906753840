import MailConnection
import NIOCore

/// POP3, as far as its connections differ from those of other protocols.
struct POP3Protocol: MailProtocol {
    typealias Inbound = ByteBuffer
    typealias Failure = POP3Error

    let endpoint: MailEndpoint
    let limits: POP3Limits

    init(_ configuration: POP3Configuration) {
        (endpoint, limits) = (configuration.endpoint, configuration.limits)
    }

    func makeUpgrade() -> POP3Upgrade { POP3Upgrade(limits: limits) }

    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations) throws {}
}

extension POP3Error: MailProtocolError {}
