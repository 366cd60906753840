import Foundation
import Hummingbird
import MailkeepModel
import NIOCore

/// A JSON document as it was sent.
enum JSONValue: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Decimal)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Decimal.self) {
            self = .number(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// The text of a string, number or truth value; nil of what is none.
    var text: String? {
        switch self {
        case .string(let text): text
        case .number(let number): "\(number)"
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

/// An object of the body, and where it stands there.
struct JSONObject: Sendable {
    let fields: [String: JSONValue]
    let path: String

    /// A field's value; null counts as not given.
    subscript(name: String) -> JSONValue? {
        let value = fields[name]
        return value == .null ? nil : value
    }

    /// A field that takes text.
    func string(_ name: String) throws -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw fault(name, expected: "text") }
        return text
    }

    /// A field that takes text and must be there.
    func neededString(_ name: String) throws -> String {
        guard let text = try string(name) else { throw APIFault(.missing, parameter: name).at(path) }
        return text
    }

    func bool(_ name: String) throws -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let flag) = value else { throw fault(name, expected: "boolean") }
        return flag
    }

    func integer(_ name: String) throws -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.text.flatMap({ Int($0) }) else { throw fault(name, expected: "integer") }
        return number
    }

    /// A field that takes one of several words.
    func choice<Value: RawRepresentable>(_ name: String, _: Value.Type = Value.self) throws -> Value?
    where Value.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let value = Value(rawValue: text) else { throw fault(name) }
        return value
    }

    /// A field that names something by its id: the id itself, or an object that has it.
    func reference<Entity>(_ name: String) throws -> Identifier<Entity>? {
        guard let value = self[name] else { return nil }
        guard let id: Identifier<Entity> = Self.identifier(value) else { throw fault(name, expected: "bigint") }
        return id
    }

    static func identifier<Entity>(_ value: JSONValue) -> Identifier<Entity>? {
        if case .object(let fields) = value { return fields["id"].flatMap { identifier($0) } }
        return value.text.flatMap { Identifier($0) }
    }

    /// The objects in a list.
    ///
    /// - Parameter most: how many there may be.
    func objects(_ name: String, most: Int = 100) throws -> [JSONObject] {
        guard let value = self[name] else { throw APIFault(.missing, parameter: name, path: "\(path).\(name)") }
        guard case .array(let values) = value, !values.isEmpty, values.count <= most else {
            throw fault(name, expected: "jsonarray")
        }
        return try values.enumerated().map { index, value in
            let path = "\(path).\(name)[\(index)]"
            guard case .object(let fields) = value else { throw APIFault(.value, path: path, expected: "jsonobject") }
            return JSONObject(fields: fields, path: path)
        }
    }

    func fault(_ name: String, expected: String? = nil) -> APIFault {
        APIFault(.value, parameter: name, path: "\(path).\(name)", expected: expected)
    }
}

extension Request {
    /// Bytes of a body: a hundred records with all their fields have room.
    private static let longestBody = 8 << 20

    /// The body as a JSON object, whatever its content type says.
    ///
    /// - Throws: `APIFault` (`body`, `size`).
    func jsonObject() async throws -> JSONObject {
        guard let object = try await optionalJSONObject() else { throw APIFault(.body) }
        return object
    }

    /// The same; nil where there is no body.
    func optionalJSONObject() async throws -> JSONObject? {
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: Self.longestBody)
        } catch is NIOTooManyBytesError {
            throw APIFault(.size)
        }
        guard buffer.readableBytes > 0 else { return nil }
        let value = try? JSONDecoder().decode(JSONValue.self, from: Data(buffer.readableBytesView))
        guard case .object(let fields) = value else { throw APIFault(.body) }
        return JSONObject(fields: fields, path: "$")
    }

    /// The objects in a list of the body.
    ///
    /// - Parameter most: how many there may be.
    /// - Throws: `APIFault` (`body`, `size`, `missing`, `value`).
    func jsonObjects(_ name: String, most: Int = 100) async throws -> [JSONObject] {
        try await jsonObject().objects(name, most: most)
    }

    /// The ids in a list of the body.
    ///
    /// - Throws: `APIFault` (`body`, `size`, `missing`, `value`).
    func jsonIDs<Entity>(_ name: String = "ids", most: Int) async throws -> [Identifier<Entity>] {
        let body = try await jsonObject()
        guard let value = body[name] else { throw APIFault(.missing, parameter: name, path: "$.\(name)") }
        guard case .array(let values) = value, !values.isEmpty, values.count <= most else {
            throw body.fault(name, expected: "jsonarray")
        }
        return try values.enumerated().map { index, value in
            guard let id: Identifier<Entity> = JSONObject.identifier(value) else {
                throw APIFault(.value, parameter: name, path: "$.\(name)[\(index)]", expected: "bigint")
            }
            return id
        }
    }
}
