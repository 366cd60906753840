import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The TLS side of a connection to one server.
package struct ClientTLS: Sendable {
    private let context: NIOSSLContext
    /// Nil where the host is an address: the certificate must then name the address.
    private let serverName: String?

    /// Reads the trusted certificates, off the caller's thread as there may be many.
    init(host: String, trust: MailEndpoint.Trust) async throws {
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
                throw ConnectionError(.invalidArgument, "the trusted certificates cannot be read", cause: error)
            }
            let isNumeric = AddressResolver.isNumeric(host)
            return (try NIOSSLContext(configuration: tls), isNumeric ? nil : host)
        }
    }

    /// A handler that speaks TLS and checks the server's certificate.
    package func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: serverName)
    }

    /// A handler that notes the certificate it is shown and then hangs up, whatever it was shown.
    private func makeInspectingHandler(_ inspection: CertificateInspection) throws -> NIOSSLClientHandler {
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

extension ClientTLS {
    /// An error of a certificate that is not trusted, with the reason that a look at the certificate shows; any other as
    /// it is.
    ///
    /// - Parameter connect: connects once more, with TLS by the handler that it is given, until the connection ends;
    ///   nothing secret is sent.
    package nonisolated(nonsending) func explain(
        _ error: ConnectionError,
        _ connect: nonisolated(nonsending) (@escaping @Sendable () throws -> NIOSSLClientHandler) async throws -> Void
    ) async -> ConnectionError {
        guard error.certificateProblem == .untrusted else { return error }
        let inspection = CertificateInspection()
        // However that ends, what counts was noted before.
        do { try await connect { try makeInspectingHandler(inspection) } } catch {}
        let message =
            switch inspection.problem {
            case .expired: "the certificate has expired"
            case .notYetValid: "the certificate is not valid yet"
            default: "the certificate is self-signed or of an authority that is not trusted"
            }
        return ConnectionError(
            .certificateInvalid,
            message,
            certificateProblem: inspection.problem,
            cause: error.cause
        )
    }
}

/// Finds out what was wrong with a certificate: the TLS library says only that something was.
private final class CertificateInspection: Sendable {
    private let noted = Mutex<ConnectionError.CertificateProblem>(.untrusted)

    var problem: ConnectionError.CertificateProblem { noted.withLock { $0 } }

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
