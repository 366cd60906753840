import HTTPTypes
import MailkeepApp
import MailkeepModel

/// A request that the API cannot make sense of, or does not take.
struct APIFault: Error, Sendable, Equatable {
    enum Code: String, Sendable, CaseIterable {
        /// No access token, or one that is wrong, has ended or was revoked.
        case token
        /// The client's scopes do not reach so far.
        case scope
        /// There is no such route.
        case path
        case method
        /// The body is no JSON document, or not of the form that is wanted.
        case body
        /// The body is longer than is taken.
        case size
        /// A parameter or a field that must be there is not.
        case missing
        /// A parameter or a field has a value that it cannot take.
        case value
        /// There is nothing with that id.
        case absent
        /// Too many requests.
        case rate
        /// A user is inactive already.
        case inactive
        /// A grant other than a refresh token.
        case grant

        /// As the CRM names it.
        fileprivate var name: String {
            switch self {
            case .token: "INVALID_TOKEN"
            case .scope: "OAUTH_SCOPE_MISMATCH"
            case .path: "INVALID_URL_PATTERN"
            case .method: "INVALID_REQUEST_METHOD"
            case .body, .size, .value, .absent: "INVALID_DATA"
            case .missing: "MANDATORY_NOT_FOUND"
            case .rate: "TOO_MANY_REQUESTS"
            case .inactive: "ID_ALREADY_DEACTIVATED"
            case .grant: "unsupported_grant_type"
            }
        }

        fileprivate var status: HTTPResponse.Status {
            switch self {
            case .token, .scope: .unauthorized
            case .path, .absent: .notFound
            case .method: .methodNotAllowed
            case .size: .contentTooLarge
            case .body, .missing, .value, .inactive, .grant: .badRequest
            case .rate: .tooManyRequests
            }
        }
    }

    let code: Code
    /// The parameter or field that it is about.
    var parameter: String?
    /// Where that stands in the body: `$.data[0].Email`.
    var path: String?
    /// What it takes, as the API names data types.
    var expected: String?
    var id: String?
    /// Seconds.
    var retryAfter: Int?
    /// The methods that the route takes.
    var allowed: String?

    init(
        _ code: Code,
        parameter: String? = nil,
        path: String? = nil,
        expected: String? = nil,
        id: String? = nil,
        retryAfter: Int? = nil,
        allowed: String? = nil
    ) {
        self.code = code
        self.parameter = parameter
        self.path = path
        self.expected = expected
        self.id = id
        self.retryAfter = retryAfter
        self.allowed = allowed
    }

    fileprivate func document(in wording: Wording) -> ErrorReport.Document {
        var details = ErrorReport.Document.Details(id: id)
        details.api_name = parameter
        details.json_path = path
        details.expected_data_type = expected
        let message = wording.text(
            key: "api.\(code.rawValue)",
            ["name": parameter ?? path ?? "", "seconds": "\(retryAfter ?? 0)"]
        )
        return ErrorReport.Document(code: code.name, details: details, message: message)
    }

    /// The same about a place in the body.
    func at(_ path: String) -> APIFault {
        var fault = self
        if fault.path == nil { fault.path = fault.parameter.map { "\(path).\($0)" } ?? path }
        return fault
    }
}

/// An error as the API tells it.
struct APIProblem {
    let status: HTTPResponse.Status
    var document: ErrorReport.Document
    var headers = HTTPFields()
    /// For the log.
    var detail: String?

    /// - Parameter path: where in the body stands what the error is about.
    init(_ error: any Error, in locale: Locale, at path: String? = nil) {
        let wording = Wording(locale: locale)
        switch error {
        case let fault as APIFault: self.init(path.map(fault.at) ?? fault, wording)
        case let error as InvalidField:
            let code: APIFault.Code = error.problem == .missing ? .missing : .value
            let fault = APIFault(code, parameter: error.field, expected: error.expected)
            self.init(path.map(fault.at) ?? fault, wording)
        default: self.init(ErrorReport(error, in: wording), of: error)
        }
    }

    private init(_ fault: APIFault, _ wording: Wording) {
        status = fault.code.status
        document = fault.document(in: wording)
        if let seconds = fault.retryAfter { headers[.retryAfter] = "\(seconds)" }
        if let allowed = fault.allowed { headers[.allow] = allowed }
        if fault.code == .token { headers[.wwwAuthenticate] = "Bearer" }
        if fault.code == .scope { headers[.wwwAuthenticate] = "Bearer error=\"insufficient_scope\"" }
    }

    private init(_ report: ErrorReport, of error: any Error) {
        document = report.document
        detail = report.detail
        let code = (error as? AppError)?.code
        switch report.kind {
        case .refused:
            let rule = (error as? Refusal)?.rule
            status = rule.map(Self.status) ?? .forbidden
            if rule == .v1 { document.code = "INVALID_DATA" }
        case .invalid where code == .tooManyAttempts:
            status = .tooManyRequests
            document.code = "TOO_MANY_REQUESTS"
            headers[.retryAfter] = (error as? AppError)?.values["seconds"] ?? "60"
        case .invalid where error.isOfWhatIsNotThere: status = .notFound
        case .invalid, .badFile, .mailbox:
            status = .badRequest
            if code == .userExists { document.code = "DUPLICATE_DATA" }
        case .failed: status = error is AppError ? .badRequest : .internalServerError
        }
    }

    /// 403 where it is about who asks, 404 for what is absent or may not be seen, which look alike (V1).
    private static func status(of rule: Rule) -> HTTPResponse.Status {
        switch rule {
        case .p1, .u1, .l1, .l3, .l7: .forbidden
        case .v1: .notFound
        case .b3, .b4, .b5, .l2, .l5, .l9, .n3, .n4, .r1, .u2, .v5: .badRequest
        }
    }
}
