import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import MailkeepMetrics
import MailkeepModel
import MailkeepStore
import Synchronization
import TestSupport
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("What machines ask that look after Mailkeep")
struct OperationTests {
    private static let token = "a token of enough characters"

    // MARK: Who may read metrics

    @Test(
        "Without a token this machine may read them that asks for itself, and no proxy, nor a page that poses as it",
        arguments: [
            ("127.0.0.1", "127.0.0.1:8080", nil, true), ("127.0.0.1", "localhost", nil, true),
            ("127.0.0.1", "LOCALHOST:1", nil, true), ("::1", "[::1]:8080", nil, true),
            ("127.0.0.1", "127.0.0.1", "Authorization", true),
            ("192.0.2.1", "127.0.0.1:8080", nil, false), ("", "127.0.0.1:8080", nil, false),
            ("10.0.0.1", "localhost", nil, false), ("::ffff:192.0.2.1", "localhost", nil, false),
            ("127.0.0.1", "mail.example.com", nil, false), ("127.0.0.1", "127.0.0.1.evil.example", nil, false),
            ("127.0.0.1", "[2001:db8::1]:8080", nil, false), ("127.0.0.1", nil, nil, false),
            ("127.0.0.1", "localhost", "X-Forwarded-For", false), ("127.0.0.1", "localhost", "Forwarded", false),
            ("127.0.0.1", "localhost", "X-Forwarded-Host", false), ("127.0.0.1", "localhost", "Via", false),
            ("127.0.0.1", "localhost", "X-Forwarded-Proto", false), ("127.0.0.1", "localhost", "X-Real-IP", false),
        ] as [(String, String?, String?, Bool)]
    )
    func withoutToken(peer: String, authority: String?, header: String?, isAllowed: Bool) throws {
        var headers: HTTPFields = [:]
        if let header { headers[try #require(HTTPField.Name(header))] = "127.0.0.1" }
        #expect(MetricsAccess(token: nil).allows(peer: peer, authority: authority, headers) == isAllowed)
    }

    @Test(
        "With a token it alone opens them, from wherever",
        arguments: [
            ("Bearer \(token)", true), ("bearer \(token)", true), ("Bearer \(token)x", false), ("Bearer ", false),
            ("Basic \(token)", false), (token, false), (nil, false),
        ] as [(String?, Bool)]
    )
    func withToken(authorization: String?, isAllowed: Bool) throws {
        var headers: HTTPFields = [:]
        headers[.authorization] = authorization
        for peer in ["127.0.0.1", "192.0.2.1"] {
            let access = MetricsAccess(token: Self.token)
            #expect(access.allows(peer: peer, authority: "localhost", headers) == isAllowed)
        }
    }

    @Test("That is so where they are asked for, too")
    func overTheNetwork() async throws {
        let open = try await Firm()
        try await open.serve(.live) { client in
            var browser = Browser(client)
            let answer = try await browser.get("/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let forwarded = try #require(HTTPField.Name("X-Forwarded-For"))
            #expect(try await browser.get("/metrics", [forwarded: "192.0.2.1"]).status == 403)
        }
        let closed = try await Firm(WebConfiguration(metricsToken: Self.token))
        try await closed.serve(.live) { client in
            var browser = Browser(client)
            let refused = try await browser.get("/metrics")
            #expect(refused.status == 401 && refused.headers[.wwwAuthenticate] == "Bearer")
            #expect(try await browser.get("/metrics", [.authorization: "Bearer \(Self.token)"]).status == 200)
        }
    }

    @Test("Who may not read them is told what to do, in their language")
    func refusal() async throws {
        let firm = try await Firm()
        try await firm.serve { client in
            var browser = Browser(client)
            for (language, words) in [("ja", "コンピューターからのみ"), ("en", "given to the machine")] {
                let answer = try await browser.get("/metrics", [.acceptLanguage: language])
                #expect(answer.status == 403 && answer.text.contains(words))
            }
        }
    }

    // MARK: What metrics say

    @Test("Each metric is there with a value, and none says anything of anybody")
    func values() async throws {
        let table = try await RouteTable(Firm(), words: "Secret")
        let firm = table.firm
        let session = try await firm.session(of: firm.ada)
        let connection = ConnectionSettings(
            apiDomain: "https://crm.sakura.example",
            tokenEndpoint: "https://crm.sakura.example/token",
            clientID: "secret",
            clientSecret: "secret",
            refreshToken: "secret"
        )
        let now = firm.clock.now
        try await firm.mailkeep.store.write {
            try $0.saveConnection(connection, backsUp: false, by: firm.ada, at: now)
        }
        try await firm.serve(.live) { client in
            var browser = Browser(client, session)
            for line in table.lines where line.method == .get {
                _ = try await browser.get(line.questions[0].address)
            }
            _ = try await browser.get("/nowhere/hana@sakura.example?secret")
            let text = try await browser.get("/metrics").text
            // Without TLS there is no certificate, and jobs are counted where a server counts them.
            let absent: Set<Metric> = [.certificateEnd, .jobDuration, .mailServerErrors]
            for metric in Metric.allCases where !absent.contains(metric) {
                let starts = ["{", "_bucket{", " "].map { "\n\(metric.rawValue)\($0)" }
                #expect(starts.contains { text.contains($0) }, "\(metric.rawValue)")
            }
            #expect(text.contains("mailkeep_http_request_duration_seconds_count{route=\"records\",status=\"200\"}"))
            #expect(text.contains("mailkeep_http_request_duration_seconds_count{route=\"none\",status=\"404\"} 1\n"))
            for word in ["@", "sakura", "customer", "secret", "hana", "nowhere", firm.folder] {
                #expect(!text.localizedCaseInsensitiveContains(word), "\(word)")
            }
        }
    }

    @Test("What operators are to be alarmed about shows: failing mailboxes, failed backups, jobs that wait")
    func alarms() async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [Mails.plain(from: 1)])
        #expect(try await value(.mailboxesNeedingAttention, in: firm) == 0)
        #expect(try await value(.lastSynchronisation, in: firm) == Double(firm.clock.now.rawValue) / 1000)
        #expect(try await value(.oldestWaitingJob, in: firm) == 0)
        try FileManager.default.removeItem(atPath: "\(firm.folder)/\(firm.hana).mbox")
        let job = try await firm.perform(SynchroniseMailbox(user: firm.hana), as: firm.hana)
        firm.clock.advance(seconds: 90)
        #expect(try await value(.oldestWaitingJob, in: firm) == 90)
        #expect(try await value(.pendingJobs, "synchronise", "waiting", in: firm) == 1)
        try await firm.mailkeep.finish(job)
        #expect(try await value(.pendingJobs, "synchronise", "waiting", in: firm) == 0)
        #expect(try await value(.mailboxesNeedingAttention, in: firm) == 1)
        #expect(try await value(.backupsFailed, in: firm) == 0)
        let output = try await firm.perform(DeactivateUser(user: firm.hana, backUp: true), as: firm.ada)
        let backup = try #require(output.backup)
        try await firm.mailkeep.finish(try #require(try await firm.mailkeep.job(of: backup)))
        #expect(try await value(.backupsFailed, in: firm) == 1)
        #expect(try await value(.mailboxesNeedingAttention, in: firm) == 0)
    }

    private func value(_ metric: Metric, _ labels: String..., in firm: Firm) async throws -> Double? {
        try await firm.mailkeep.gauges().first { $0.metric == metric && $0.labels == labels }?.value
    }

    @Test("The end of the certificate that is served is told")
    func certificate() async throws {
        let certificate = try TestCertificate(days: 30)
        let firm = try await Firm()
        let (chain, key) = (firm.folder + "/chain.pem", firm.folder + "/key.pem")
        try certificate.pem.write(toFile: chain, atomically: false, encoding: .utf8)
        try certificate.keyPEM.write(toFile: key, atomically: false, encoding: .utf8)
        let secure = WebConfiguration(certificate: chain, key: key)
        let end = try #require(Site(mailkeep: firm.mailkeep, configuration: secure, setUpToken: nil).certificateEnd)
        #expect(abs(end - Date.now.timeIntervalSince1970 - 30 * 86_400) < 3600)
        #expect(firm.site.certificateEnd == nil)
    }

    // MARK: Readiness

    private struct ReadinessShape: Decodable, Equatable {
        let ready: Bool
        let checks: [String: String]
    }

    private func readiness(_ firm: Firm) async throws -> (status: Int, shape: ReadinessShape) {
        try await firm.serve { client in
            var browser = Browser(client)
            let answer = try await browser.get("/readyz")
            return (answer.status, try JSONDecoder().decode(ReadinessShape.self, from: Data(answer.bytes)))
        }
    }

    @Test("It is ready when the database answers, the vault takes bytes, and jobs are taken up")
    func ready() async throws {
        let firm = try await Firm()
        firm.mailkeep.workPulse.beat()
        let facts = try firm.facts()
        let (status, shape) = try await readiness(firm)
        #expect(status == 200)
        #expect(shape == .init(ready: true, checks: ["database": "ok", "vault": "ok", "jobs": "ok"]))
        #expect(try firm.facts() == facts)
        #expect(try FileManager.default.contentsOfDirectory(atPath: firm.folder + "/data/temporary").isEmpty)
    }

    @Test("What keeps it from working is named, and nothing else is told")
    func notReady() async throws {
        let idle = try await Firm()
        var (status, shape) = try await readiness(idle)
        #expect(status == 503 && !shape.ready && shape.checks == ["database": "ok", "vault": "ok", "jobs": "failed"])

        let full = try await Firm()
        full.mailkeep.workPulse.beat()
        try Data().write(to: URL(filePath: full.folder + "/data/temporary"))
        (status, shape) = try await readiness(full)
        #expect(status == 503 && shape.checks == ["database": "ok", "vault": "failed", "jobs": "ok"])

        let shut = try await Firm()
        shut.mailkeep.workPulse.beat()
        try shut.mailkeep.store.close()
        (status, shape) = try await readiness(shut)
        #expect(status == 503 && shape.checks == ["database": "failed", "vault": "ok", "jobs": "ok"])
    }

    @Test("The process answers that it lives, whatever else may be")
    func health() async throws {
        let firm = try await Firm()
        try firm.mailkeep.store.close()
        try await firm.serve { client in
            var browser = Browser(client)
            let answer = try await browser.get("/healthz")
            #expect(answer.status == 200 && answer.text == "ok\n")
        }
    }

    // MARK: The log

    @Test("A request is one line: route, status, time, who, and the id of what it did; never its address")
    func requestLog() async throws {
        let lines = LogLines()
        let firm = try await Firm()
        let site = try Site(
            mailkeep: firm.mailkeep,
            configuration: WebConfiguration(),
            setUpToken: nil,
            logger: Logger(label: "test") { _ in lines }
        )
        let session = try await firm.session(of: firm.hana)
        try await site.serve { client in
            var browser = Browser(client, session)
            _ = try await browser.get("/records/\(Firm.taro)?q=hana@sakura.example")
            _ = try await browser.get("/records/Contacts/99")
            _ = try await browser.get("/nowhere/\(Self.token)")
            _ = try await browser.get("/healthz")
        }
        let told = lines.told
        #expect(told.map(\.level) == [.info, .info, .info, .debug])
        #expect(told[0].metadata["route"] == "/records/{module}/{id}" && told[0].metadata["user"] == "\(firm.hana)")
        #expect(told.map { $0.metadata["status"]?.description } == ["200", "404", "404", "200"])
        #expect(told[2].metadata["route"] == "-")
        for line in told {
            #expect(Set(line.metadata.keys) == ["request", "method", "route", "status", "duration_ms", "user"])
            for secret in ["sakura", Self.token, "99"] { #expect(!"\(line.metadata)".contains("\(secret)\"")) }
        }
        let actions = try await firm.mailkeep.store.read { try $0.auditEntries(AuditQuery()) }
        #expect(actions.items.contains { $0.request == told[1].metadata["request"]?.description })
    }
}

/// Keeps what is logged.
private struct LogLines: LogHandler {
    struct Line {
        let level: Logger.Level
        let metadata: Logger.Metadata
    }

    private final class Lines: Sendable {
        let lines = Mutex<[Line]>([])
    }

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    private let kept = Lines()

    var told: [Line] { kept.lines.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = Line(level: event.level, metadata: metadata.merging(event.metadata ?? [:]) { $1 })
        kept.lines.withLock { $0.append(line) }
    }
}
