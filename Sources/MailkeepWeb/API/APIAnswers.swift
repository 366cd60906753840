import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel
import NIOCore

/// What became of one thing that was acted on.
struct ActionAnswer: Encodable {
    struct Details: Encodable {
        var id: String?
        var backup: BackupShape?
        var verification: VerificationShape?
        var folders: Int?
        var Created_Time: String?
        var Modified_Time: String?
    }

    /// Either what was done, or the error.
    private enum Outcome {
        case success(Details, message: String)
        case failure(ErrorReport.Document)
    }

    private let outcome: Outcome
    /// The status of an answer that is about this thing alone.
    let status: HTTPResponse.Status
    /// `insert` or `update`, and by which field it was found; of an upsert.
    private let action: String?
    private let duplicateField: String?

    init(
        _ details: Details,
        message: String,
        status: HTTPResponse.Status = .ok,
        action: String? = nil,
        duplicateField: String? = nil
    ) {
        outcome = .success(details, message: message)
        self.status = status
        self.action = action
        self.duplicateField = duplicateField
    }

    init(_ problem: APIProblem) {
        outcome = .failure(problem.document)
        status = problem.status
        (action, duplicateField) = (nil, nil)
    }

    var isFailure: Bool {
        if case .failure = outcome { true } else { false }
    }

    private enum CodingKeys: String, CodingKey {
        case code
        case details
        case message
        case status
        case action
        case duplicate_field
    }

    func encode(to encoder: any Encoder) throws {
        switch outcome {
        case .failure(let document): try document.encode(to: encoder)
        case .success(let details, let message):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("SUCCESS", forKey: .code)
            try container.encode(details, forKey: .details)
            try container.encode(message, forKey: .message)
            try container.encode("success", forKey: .status)
            try container.encodeIfPresent(action, forKey: .action)
            try container.encodeIfPresent(duplicateField, forKey: .duplicate_field)
        }
    }
}

/// What a page of a list tells beside its entries.
struct PageAnswer: Encodable {
    var per_page: Int
    var count: Int
    var page: Int
    var more_records: Bool
    /// Leads to what follows, however far it is.
    var next_page_token: String?
}

extension Response {
    /// A JSON document.
    init(json document: some Encodable, _ status: HTTPResponse.Status = .ok) throws {
        let encoder = JSONEncoder()
        // Equal documents are equal bytes (V1).
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.init(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(document)))
        )
    }

    /// A document that has one list; nothing found is 204.
    init<Item: Encodable>(
        _ key: String,
        _ page: Page<Item>,
        of request: PageRequest,
        token: String? = nil
    ) throws {
        guard !page.items.isEmpty else {
            self.init(status: .noContent)
            return
        }
        let info = PageAnswer(
            per_page: request.size,
            count: page.items.count,
            page: request.number,
            more_records: page.hasMore,
            next_page_token: page.hasMore ? token : nil
        )
        try self.init(json: KeyedDocument([key: AnyEncodable(page.items), "info": AnyEncodable(info)]))
    }

    /// A document that has one list, and nothing beside it.
    init<Item: Encodable>(_ key: String, _ items: [Item], _ status: HTTPResponse.Status = .ok) throws {
        try self.init(json: KeyedDocument([key: AnyEncodable(items)]), status)
    }

    /// What became of several things: each by itself, in order (N5).
    ///
    /// 207 where some were done and some not; where none was, as for the first of them.
    init(_ key: String, answers: [ActionAnswer]) throws {
        let failures = answers.filter(\.isFailure)
        let status: HTTPResponse.Status =
            if failures.isEmpty {
                answers.first?.status ?? .ok
            } else if failures.count == answers.count {
                failures[0].status
            } else {
                .multiStatus
            }
        try self.init(key, answers, status)
    }
}

/// A document whose keys are known when it is made.
struct KeyedDocument: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let fields: [String: AnyEncodable]

    init(_ fields: [String: AnyEncodable]) {
        self.fields = fields
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { try container.encode(value, forKey: Key(name)) }
    }
}

/// A value of whatever type that can be encoded.
struct AnyEncodable: Encodable {
    private let value: any Encodable

    init(_ value: any Encodable) {
        self.value = value
    }

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension HTTPResponse.Status {
    /// Some were done and some not (RFC 4918, section 11.1).
    static var multiStatus: Self { Self(code: 207, reasonPhrase: "Multi-Status") }
}

extension APIContext {
    /// Acts on several things, each by itself: the refused ones are told with their reasons, the others go ahead (N5).
    func each<Item: Sendable>(
        _ items: [Item],
        path: (Item) -> String?,
        _ act: (Item) async throws -> ActionAnswer
    ) async throws -> [ActionAnswer] {
        var answers: [ActionAnswer] = []
        for item in items {
            do {
                answers.append(try await act(item))
            } catch let error where !(error is CancellationError) {
                let problem = APIProblem(error, in: user.locale, at: path(item))
                if problem.status == .internalServerError { throw error }
                answers.append(ActionAnswer(problem))
            }
        }
        return answers
    }
}
