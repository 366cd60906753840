import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepMetrics
import NIOCore

/// What machines ask that look after Mailkeep: whether it lives, whether it can work, and its metrics.
struct OperationRoutes {
    let site: Site

    func add(to router: some RouterMethods<VisitContext>) {
        router.get("/healthz") { _, _ in Self.answer("ok\n") }
        router.get("/readyz") { _, _ in try Self.answer(await site.readiness.look()) }
        router.get("/metrics", use: metrics)
    }

    /// What of readiness is told: which checks hold, and no more, as anybody may ask.
    private struct ReadinessShape: Encodable {
        let ready: Bool
        let checks: [String: String]
    }

    private static func answer(_ readiness: Readiness) throws -> Response {
        let checks = Readiness.Check.allCases.map { check in
            (check.rawValue, readiness.failed.contains(check) ? "failed" : "ok")
        }
        let shape = ReadinessShape(
            ready: readiness.isReady,
            checks: Dictionary(checks, uniquingKeysWith: { first, _ in first })
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return answer(
            String(decoding: try encoder.encode(shape), as: UTF8.self) + "\n",
            readiness.isReady ? .ok : .serviceUnavailable,
            type: "application/json"
        )
    }

    private func metrics(_ request: Request, _ context: VisitContext) async throws -> Response {
        let access = MetricsAccess(token: site.configuration.metricsToken)
        guard access.allows(peer: context.peer, authority: request.head.authority, request.headers) else {
            // A bearer token helps only where there is one.
            var refusal = Self.answer(
                Wording(locale: context.locale, on: .page).text(.pageMetrics) + "\n",
                access.token == nil ? .forbidden : .unauthorized
            )
            if access.token != nil { refusal.headers[.wwwAuthenticate] = "Bearer" }
            return refusal
        }
        var gauges = try await site.mailkeep.gauges()
        if let end = site.certificateEnd { gauges.append(MetricSample(.certificateEnd, end)) }
        return Self.answer(
            site.metrics.text(with: gauges),
            type: "text/plain; version=0.0.4; charset=utf-8"
        )
    }

    private static func answer(
        _ text: String,
        _ status: HTTPResponse.Status = .ok,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
