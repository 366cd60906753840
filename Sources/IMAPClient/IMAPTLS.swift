import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The TLS side of a connection to one server.
struct IMAPTLS: Sendable {
    private let context: NIOSSLContext
    /// Nil where the host is an address: the certificate must then name the address.
    private let serverName: String?

    /// Reads the trusted certificates, off the caller's thread as there may be many.
    init(_ configuration: IMAPConfiguration) async throws {
        let host = configuration.host
        let trust = configuration.trust
        (context, serverName) = try await NIOThreadPool.singleton.runIfActive {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv12
            tls.certificateVerification = .fullVerification
            tls.shutdownTimeout = .seconds(1)
            do {
                if case .certificates(let pem) = trust {
                    tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
                }
            } catch {
                throw IMAPError(.invalidArgument, "the trusted certificates cannot be read", cause: error)
            }
            let isNumeric = IMAPAddressResolver.isNumeric(host)
            return (try NIOSSLContext(configuration: tls), isNumeric ? nil : host)
        }
    }

    func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: serverName)
    }

    /// A handler that notes the certificate it is shown and then hangs up, whatever it was shown.
    func makeInspectingHandler(_ inspection: IMAPCertificateInspection) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(
            context: context,
            serverHostname: serverName,
            customVerificationCallback: { certificates, verdict in
                inspection.note(certificates.first)
                verdict.succeed(.failed)
            }
        )
    }
}

/// Finds out what was wrong with a certificate: the TLS library says only that something was.
final class IMAPCertificateInspection: Sendable {
    private let noted = Mutex<IMAPError.CertificateProblem>(.untrusted)

    var problem: IMAPError.CertificateProblem { noted.withLock { $0 } }

    func note(_ certificate: NIOSSLCertificate?) {
        guard let certificate else { return }
        let now = time(nil)
        noted.withLock { problem in
            if certificate.notValidAfter < now {
                problem = .expired
            } else if certificate.notValidBefore > now {
                problem = .notYetValid
            }
        }
    }
}
