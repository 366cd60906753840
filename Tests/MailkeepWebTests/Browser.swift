import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore

@testable import MailkeepApp
@testable import MailkeepWeb

/// A browser: it keeps cookies, and sends forms as the pages of its session would have them sent.
struct Browser {
    let client: any TestClientProtocol
    private(set) var cookies: [String: String] = [:]
    private let prefix: String

    /// - Parameters:
    ///   - session: of who is signed in; nil for who is not.
    ///   - isSecure: whether the site is reached over TLS.
    init(_ client: any TestClientProtocol, _ session: SecretToken? = nil, isSecure: Bool = false) {
        self.client = client
        prefix = isSecure ? "__Host-" : ""
        cookies[prefix + (session == nil ? "mailkeep_visitor" : "mailkeep")] = (session ?? SecretToken()).text
    }

    /// What the forms of its pages carry.
    var formToken: String {
        let secret = cookies["\(prefix)mailkeep"] ?? cookies["\(prefix)mailkeep_visitor"] ?? ""
        return SecretToken(secret)?.derived(for: "form") ?? ""
    }

    subscript(cookie: String) -> String? {
        get { cookies[cookie] }
        set { cookies[cookie] = newValue }
    }

    mutating func get(_ address: String, _ headers: HTTPFields = [:]) async throws -> Answer {
        try await send(.get, address, headers)
    }

    /// Sends a form.
    ///
    /// - Parameter token: what it carries in place of the token of its page; nil leaves it out.
    mutating func post(
        _ address: String,
        _ form: [String: String] = [:],
        token: String?? = .none,
        _ headers: HTTPFields = [:]
    ) async throws -> Answer {
        var fields = form
        fields["form_token"] = token ?? formToken
        let body = fields.map { "\(PageAddress.encoded($0.key))=\(PageAddress.encoded($0.value))" }
        return try await send(.post, address, headers, body.joined(separator: "&"))
    }

    /// Sends a form with a file, as browsers do.
    ///
    /// - Parameter token: what it carries in place of the token of its page; nil leaves it out.
    mutating func upload(
        _ address: String,
        _ file: String,
        token: String?? = .none,
        isWhole: Bool = true,
        _ headers: HTTPFields = [:]
    ) async throws -> Answer {
        let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        var body = ""
        if let token = token ?? formToken {
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n\(token)\r\n"
        }
        body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mbox\"\r\n"
        body += "Content-Type: application/octet-stream\r\n\r\n\(file)"
        if isWhole { body += "\r\n--\(boundary)--\r\n" }
        var fields = headers
        fields[.contentType] = "multipart/form-data; boundary=\(boundary)"
        return try await send(.post, address, fields, body)
    }

    mutating func send(
        _ method: HTTPRequest.Method,
        _ address: String,
        _ headers: HTTPFields = [:],
        _ body: String? = nil
    ) async throws -> Answer {
        var headers = headers
        if !cookies.isEmpty {
            headers[.cookie] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        }
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/x-www-form-urlencoded" }
        let response = try await client.execute(
            uri: address,
            method: method,
            headers: headers,
            body: body.map { ByteBuffer(string: $0) }
        )
        for cookie in response.headers[values: .setCookie] { keep(cookie) }
        return Answer(
            status: response.status.code,
            headers: response.headers,
            bytes: Array(response.body.readableBytesView)
        )
    }

    private mutating func keep(_ cookie: String) {
        let parts = cookie.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        let halves = (parts.first ?? "").split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return }
        let isTakenAway = parts.contains { $0.lowercased() == "max-age=0" }
        cookies[String(halves[0])] = isTakenAway ? nil : String(halves[1])
    }
}

/// What the site answered.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var location: String? { headers[.location] }

    /// All of it but what every answer of a session has of its own.
    func said(to browser: Browser) -> String {
        text.replacing(browser.formToken, with: "TOKEN")
    }
}
