import NIOCore
import NIOSSL

extension ConnectionError {
    /// What an error of the network or of TLS means to who reads mail.
    package init(wrapping error: any Error) {
        switch error {
        case let error as ConnectionError: self = error
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self.init(
                .certificateInvalid,
                "the certificate is for another host",
                certificateProblem: .hostnameMismatch,
                cause: error
            )
        case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate:
            self.init(untrusted: error)
        case NIOSSLError.handshakeFailed(let reason):
            if "\(reason)".contains("CERTIFICATE_VERIFY_FAILED") {
                self.init(untrusted: error)
            } else {
                self.init(.tlsFailed, "TLS could not be agreed on", cause: error)
            }
        case NIOSSLError.uncleanShutdown:
            self.init(.connectionClosed, "the server cut the connection", cause: error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self.init(.tlsFailed, "TLS failed", cause: error)
        case ChannelError.connectTimeout:
            self.init(.timeout, "the server cannot be reached in time", cause: error)
        default: self.init(.connectionClosed, "the connection was lost", cause: error)
        }
    }

    private init(untrusted error: any Error) {
        self.init(
            .certificateInvalid,
            "the certificate is not trusted",
            certificateProblem: .untrusted,
            cause: error
        )
    }
}
