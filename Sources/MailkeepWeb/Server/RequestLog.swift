import HTTPTypes
import Hummingbird
import Logging
import MailkeepMetrics
import MailkeepModel

/// Tells the log and the metrics of each request: its route, never its address, which may hold what is nobody's business.
///
/// The outermost of all, so that it sees what is answered in the end.
struct RequestLog: RouterMiddleware {
    typealias Context = VisitContext

    let metrics: MetricRegistry
    let logger: Logger

    /// What browsers and monitors ask for by themselves, again and again.
    private static let quiet: Set<Substring> = ["assets", "healthz", "readyz", "metrics"]

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        let startedAt = ContinuousClock.now
        let response = try await next(request, context)
        let duration = startedAt.duration(to: .now)
        let status = Int(response.status.code)
        // The library has a word of its own, which is no path, for what no route holds.
        let route = context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil }
        let first = route.map { $0.split(separator: "/").first ?? "home" }
        Metric.requestDuration.record(duration, [first.map(String.init) ?? "none", "\(status)"], in: metrics)
        let isQuiet = status < 500 && (first.map(Self.quiet.contains) == true || LivePart.isAsked(for: request))
        var metadata: Logger.Metadata = [:]
        metadata["request"] = "\(context.request)"
        metadata["method"] = "\(Self.known(request.method))"
        metadata["route"] = "\(route ?? "-")"
        metadata["status"] = .stringConvertible(status)
        metadata["duration_ms"] = .stringConvertible(Int((duration / .milliseconds(1)).rounded()))
        metadata["user"] = "\(context.note.user?.description ?? "-")"
        logger.log(level: isQuiet ? .debug : .info, "request", metadata: metadata)
        return response
    }

    /// A method is a word that a client chose.
    private static func known(_ method: HTTPRequest.Method) -> String {
        let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .delete, .patch, .options]
        return methods.contains(method) ? method.rawValue : "-"
    }
}
