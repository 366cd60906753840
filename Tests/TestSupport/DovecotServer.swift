import Foundation
import Synchronization

/// A real Dovecot of one test's own, on free ports of 127.0.0.1, with its mail in a temporary directory.
package final class DovecotServer: Sendable {
    package struct User: Sendable {
        package let name: String
        package let password: String
        /// What the server keeps of the password.
        package let kept: String

        package init(_ name: String, password: String, kept: String? = nil) {
            self.name = name
            self.password = password
            self.kept = kept ?? "{PLAIN}\(password)"
        }
    }

    /// How users can sign in.
    package struct SignIn: Sendable {
        package var mechanisms: String
        /// Where to ask whose access token it is; the token is added to it.
        package var tokenInformation: String?

        package init(mechanisms: String = "plain login", tokenInformation: String? = nil) {
            self.mechanisms = mechanisms
            self.tokenInformation = tokenInformation
        }
    }

    package let host = "127.0.0.1"
    /// Plain text, with `STARTTLS` on offer.
    package let imapPort: Int
    package let imapsPort: Int
    package let pop3Port: Int
    package let pop3sPort: Int
    /// Self-signed, for `localhost` and `127.0.0.1`.
    package let certificate: TestCertificate
    package let users: [User]

    let directory: ServerDirectory
    private let program: Mutex<SpawnedProgram?>

    /// Where the certificate is as a file.
    package var certificatePath: String { directory.url.appending(path: "cert.pem").path }
    var configurationPath: String { directory.url.appending(path: "dovecot.conf").path }
    /// Mail belongs to this user and group when the server runs as root, as Dovecot reads no mail as root.
    var mailOwner: Int { getuid() == 0 ? 5000 : Int(getuid()) }

    /// Starts the server and waits until it accepts connections.
    ///
    /// - Parameter quota: kilobytes that each user may keep; nil for no limit.
    package init(users: [User], masterUser: User? = nil, signIn: SignIn = SignIn(), quota: Int? = nil) async throws {
        self.users = users
        self.certificate = try TestCertificate.localhost()
        self.directory = try ServerDirectory()
        let ports = try LoopbackPorts.free(4)
        (imapPort, imapsPort, pop3Port, pop3sPort) = (ports[0], ports[1], ports[2], ports[3])
        self.program = Mutex(nil)
        do {
            try prepareFiles(masterUser: masterUser, signIn, quota: quota)
            try await resume()
        } catch {
            await stop()
            throw error
        }
    }

    /// Ends the server and removes all of its files.
    package func stop() async {
        await pause()
        directory.remove()
    }

    /// Ends the server, and waits until nobody listens on its ports; its mail stays.
    package func pause() async {
        let running = program.withLock { program in
            defer { program = nil }
            return program
        }
        await running?.stop()
        // Its processes that accept connections may outlive it for a moment.
        for port in [imapPort, imapsPort, pop3Port, pop3sPort] {
            for _ in 0..<3000 where LoopbackPorts.accepts(port) { try? await Task.sleep(for: .milliseconds(10)) }
        }
    }

    /// Starts the server on its ports, and waits until it accepts connections.
    package func resume() async throws {
        let started = try SpawnedProgram("dovecot", ["-F", "-c", configurationPath])
        program.withLock { $0 = started }
        for port in [imapPort, imapsPort, pop3Port, pop3sPort] { try await awaitConnection(to: port) }
    }

    /// What the server has written to its log.
    package var log: String {
        (try? String(contentsOf: directory.url.appending(path: "dovecot.log"), encoding: .utf8)) ?? ""
    }

    private func awaitConnection(to port: Int) async throws {
        for _ in 0..<6000 {
            if LoopbackPorts.accepts(port) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw SystemProgram.Failure(description: "dovecot did not start: \(log)")
    }

    private func prepareFiles(masterUser: User?, _ signIn: SignIn, quota: Int?) throws {
        let mail = directory.url.appending(path: "mail")
        try FileManager.default.createDirectory(at: mail, withIntermediateDirectories: false)
        for user in users {
            let home = mail.appending(path: user.name)
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: false)
            try own(home)
        }
        try own(mail)
        chmod(directory.url.path, 0o711)
        try file("cert.pem", containing: certificate.pem)
        try file("key.pem", containing: certificate.keyPEM)
        try file("users", containing: Self.passwords(users))
        if let masterUser { try file("masters", containing: Self.passwords([masterUser])) }
        if let address = signIn.tokenInformation {
            try file("oauth2.conf", containing: "tokeninfo_url = \(address)\nusername_attribute = email\n")
        }
        try file("dovecot.conf", containing: configuration(hasMasterUser: masterUser != nil, signIn, quota: quota))
    }

    @discardableResult
    private func file(_ name: String, containing text: String) throws -> URL {
        let url = directory.url.appending(path: name)
        try text.write(to: url, atomically: false, encoding: .utf8)
        return url
    }

    func own(_ url: URL) throws {
        guard getuid() == 0 else { return }
        let owner = uid_t(mailOwner)
        guard chown(url.path, owner, gid_t(owner)) == 0 else { throw CocoaError(.fileWriteNoPermission) }
    }

    private static func passwords(_ users: [User]) -> String {
        users.map { "\($0.name):\($0.kept)::::::\n" }.joined()
    }
}

/// Starts a Dovecot, runs `body` with it and stops it.
@discardableResult
package nonisolated(nonsending) func withDovecot<Result>(
    users: [DovecotServer.User] = [.init("alice", password: "secret")],
    masterUser: DovecotServer.User? = nil,
    signIn: DovecotServer.SignIn = DovecotServer.SignIn(),
    quota: Int? = nil,
    _ body: nonisolated(nonsending) (DovecotServer) async throws -> Result
) async throws -> Result {
    let server = try await DovecotServer(users: users, masterUser: masterUser, signIn: signIn, quota: quota)
    do {
        let result = try await body(server)
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}
