import IMAPCore
import MailConnection
import NIOCore

/// IMAP, as far as its connections differ from those of other protocols.
struct IMAPProtocol: MailProtocol {
    typealias Inbound = [IMAPFragment]
    typealias Failure = IMAPError

    let endpoint: MailEndpoint
    let limits: IMAPLimits

    init(_ configuration: IMAPConfiguration) {
        (endpoint, limits) = (configuration.endpoint, configuration.limits)
    }

    func makeUpgrade() -> StartTLSUpgrade { StartTLSUpgrade(limits: limits) }

    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandlers(ByteToMessageHandler(IMAPResponseDecoder(limits: limits)), IMAPFragmentBatcher())
    }
}

extension IMAPError: MailProtocolError {}
