import Foundation
import Glibc
import MailkeepMetrics
import TestSupport
import Testing

@testable import mailkeep

@Suite("Running it")
struct OperationTests {
    private let leaver = Workplace.Person.leaver

    @Test("Metrics count what the server did, by kind and outcome, and say nothing of anybody")
    func metrics() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(hasServer: true) { work in
                var mailbox = Workplace.Mailbox(on: server)
                mailbox.password = "mistyped secret"
                try await work.save(mailbox).expectDone()
                let sync = "mailbox sync --user \(leaver.rawValue) --wait \(Workplace.network)"
                #expect(try await work.run(sync, as: leaver).status == 69)
                let failing = try metrics(of: work)
                #expect(failing.contains("mailkeep_mail_server_errors_total{class=\"auth\"} "))
                #expect(failing.contains("mailkeep_mailboxes_needing_attention 1\n"))
                #expect(failing.contains("_count{kind=\"synchronise\",outcome=\"failed\"} "))
                #expect(failing.contains("mailkeep_mails_stored_total 0\n"))
                #expect(!failing.contains("\nmailkeep_last_synchronisation_timestamp_seconds "))

                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.run(sync, as: leaver).expectDone()
                let working = try metrics(of: work)
                let considered = StoryMail.before.filter { !["Junk", "Drafts"].contains($0.folder) }
                let associated = considered.filter(\.isAssociated)
                let bytes = associated.reduce(0) { $0 + $1.raw.count }
                #expect(working.contains("mailkeep_mail_headers_read_total \(considered.count)\n"))
                #expect(working.contains("mailkeep_mails_stored_total \(associated.count)\n"))
                #expect(working.contains("mailkeep_mail_read_bytes_total \(bytes)\n"))
                #expect(working.contains("mailkeep_mailboxes_needing_attention 0\n"))
                #expect(working.contains("_count{kind=\"synchronise\",outcome=\"done\"} "))
                #expect(working.contains("\nmailkeep_last_synchronisation_timestamp_seconds "))
                for secret in ["@", "yamada", "hana", "山田", "さくら", "mistyped", work.data] {
                    #expect(!working.localizedCaseInsensitiveContains(secret), "\(secret)")
                }
                #expect(try fetch("/readyz", from: work).contains("\"ready\":true"))
                #expect(try fetch("/healthz", from: work) == "ok\n")
            }
        }
    }

    @Test("The manual names the metrics that the server gives, and no others")
    func manual() async throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs")
        let manual = try String(contentsOf: folder.appending(path: "operations.md"), encoding: .utf8)
        let named = Set(
            manual.matches(of: /`((mailkeep|process)_[a-z_]+)(\{([a-z,]+)\})?` \|/).map { String($0.output.1) }
        )
        // What alerts and sentences name beside the table.
        let used = Set(manual.matches(of: /\b(mailkeep|process)_[a-z_]+/).map { String($0.output.0) })
        let labels = manual.matches(of: /`((mailkeep|process)_[a-z_]+)\{([a-z,]+)\}`/).map { match in
            (String(match.output.1), match.output.3.split(separator: ",").map(String.init))
        }
        try await withWorkplace(hasServer: true) { work in
            let given = try metrics(of: work).matches(of: #/# TYPE (\S+) /#).map { String($0.output.1) }
            #expect(named == Set(given))
            let derived = given.flatMap { ["\($0)_bucket", "\($0)_sum", "\($0)_count"] }
            #expect(used.subtracting(given).subtracting(derived).sorted() == [])
            #expect(labels.count == Metric.allCases.count { !$0.labels.isEmpty })
            for (name, labels) in labels { #expect(Metric(rawValue: name)?.labels == labels, "\(name)") }
        }
    }

    @Test("A log in JSON is JSON in every line, and holds the same actions and requests")
    func jsonLog() async throws {
        let work = try await Workplace(hasServer: false)
        try await work.found()
        try await work.startServer(environment: ["MAILKEEP_LOG_FORMAT": "json", "MAILKEEP_LOG_LEVEL": "trace"])
        try await work.run("organization set --administrators-see-records yes", as: .ada).expectDone()
        _ = try fetch("/signin?next=/secret", from: work)
        let log = try await work.stopServer()
        let lines = try log.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
        for line in lines {
            #expect(line["time"] is String && line["level"] is String && line["message"] is String)
        }
        #expect(lines.contains { $0["action"] != nil && $0["request"] is String })
        let request = try #require(lines.first { $0["message"] as? String == "request" })
        #expect(request["route"] as? String == "/signin" && request["status"] as? Int == 200)
        #expect(request["duration_ms"] is Int && request["user"] as? String == "-" && request["method"] is String)
        #expect(!log.contains("secret"))
    }

    @Test("What is no format or level of the log is refused, in words", arguments: ["FORMAT", "LEVEL"])
    func wrongLog(name: String) async throws {
        let work = try await Workplace()
        let answer = try await work.start("user list", as: .ada, environment: ["MAILKEEP_LOG_\(name)": "x"]).answer()
        #expect(answer.status == 64 && answer.errorText.contains("MAILKEEP_LOG_\(name)"))
        #expect(try await work.run("serve --log-format xml").status == 64)
    }

    @Test("A service manager is told when pages can be asked for, and when the server ends")
    func notification() async throws {
        let work = try await Workplace(log: "info")
        try await work.found()
        let path = work.folder + "/notify"
        let descriptor = try listen(at: path)
        defer { close(descriptor) }
        try await work.startServer(environment: ["NOTIFY_SOCKET": path])
        try await work.wait { receive(descriptor) == "READY=1" }
        #expect(try fetch("/healthz", from: work) == "ok\n")
        try await work.stopServer()
        #expect(receive(descriptor) == "STOPPING=1" && receive(descriptor) == nil)
    }

    @Test(
        "The program writes its own completions, and describes its commands for the manual",
        arguments: [
            "bash", "zsh", "fish",
        ]
    )
    func completions(shell: String) async throws {
        let work = try await Workplace()
        let script = try await work.run("--generate-completion-script \(shell)").expectDone().text
        for word in ["serve", "doctor", "trusted-proxy", "log-format"] { #expect(script.contains(word)) }
        let described = try await work.run("--experimental-dump-help").expectDone()
        #expect(try JSONSerialization.jsonObject(with: described.output) is [String: Any])
    }

    // MARK: Asking

    private func metrics(of work: Workplace) throws -> String { try fetch("/metrics", from: work) }

    private func fetch(_ path: String, from work: Workplace) throws -> String {
        try SystemProgram.run("curl", "--silent", "--fail", "--max-time", "20", "http://127.0.0.1:\(work.port)\(path)")
    }

    /// A datagram socket, as service managers have one.
    private func listen(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix($0.count - 1))) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        return descriptor
    }

    private func receive(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}
