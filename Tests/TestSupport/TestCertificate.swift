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
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let key = directory.url.appending(path: "key.pem")
        let request = directory.url.appending(path: "request.pem")
        let extensions = directory.url.appending(path: "extensions")
        let certificate = directory.url.appending(path: "cert.pem")
        try "subjectAltName=\(names.joined(separator: ","))\n".write(to: extensions, atomically: false, encoding: .utf8)
        try Program.run(
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
        try Program.run(
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

/// A new directory under `/tmp`, where paths are short enough for sockets.
struct TemporaryDirectory: Sendable {
    let url: URL

    init() throws {
        var template = Array("/tmp/mk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        self.url = URL(filePath: String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    func remove() {
        try? FileManager.default.removeItem(at: url)
    }
}

/// Runs a program of the system to its end.
enum Program {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What the program wrote to its standard output; throws with what it wrote to the other if it fails.
    @discardableResult
    static func run(_ name: String, _ arguments: String...) throws -> String {
        try run(name, arguments)
    }

    @discardableResult
    static func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let written = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(name): \(String(decoding: complaints, as: UTF8.self))")
        }
        return String(decoding: written, as: UTF8.self)
    }
}
