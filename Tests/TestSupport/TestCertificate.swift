import Foundation

/// A self-signed certificate and its key, made for one test run with `openssl`.
package struct TestCertificate: Sendable {
    /// The certificate in PEM.
    package let pem: String
    /// The private key in PEM.
    package let keyPEM: String

    /// Makes a certificate.
    ///
    /// - Parameters:
    ///   - names: its subject alternative names, as `openssl` writes them.
    ///   - days: how long it is valid from now; -1 for one that expired yesterday.
    package init(names: [String] = ["DNS:localhost", "IP:127.0.0.1"], days: Int = 30) throws {
        let directory = try ServerDirectory()
        defer { directory.remove() }
        let key = directory.url.appending(path: "key.pem")
        let request = directory.url.appending(path: "request.pem")
        let extensions = directory.url.appending(path: "extensions")
        let certificate = directory.url.appending(path: "cert.pem")
        try "subjectAltName=\(names.joined(separator: ","))\n".write(to: extensions, atomically: false, encoding: .utf8)
        try SystemProgram.run(
            "openssl",
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=test",
            "-keyout",
            key.path,
            "-out",
            request.path
        )
        try SystemProgram.run(
            "openssl",
            "x509",
            "-req",
            "-in",
            request.path,
            "-signkey",
            key.path,
            "-days",
            "\(days)",
            "-extfile",
            extensions.path,
            "-out",
            certificate.path
        )
        self.pem = try String(contentsOf: certificate, encoding: .utf8)
        self.keyPEM = try String(contentsOf: key, encoding: .utf8)
    }

    /// The certificate for `localhost` and `127.0.0.1` that the servers of a test run share.
    package static func localhost() throws -> TestCertificate {
        try shared.get()
    }

    private static let shared = Result { try TestCertificate() }
}
