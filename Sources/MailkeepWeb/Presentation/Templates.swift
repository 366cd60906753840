import Foundation
import Mustache

/// The templates of all pages, by name.
struct Templates: Sendable {
    private let library: MustacheLibrary

    /// - Throws: where one of them is malformed.
    init() throws {
        MustacheContentTypes.register(PageContentType(), named: PageContentType.name)
        var library = MustacheLibrary()
        for template in Template.allCases {
            // The library's own escaping looks at characters, and so passes `"` with a combining mark after it.
            let escaping = "{{% CONTENT_TYPE:\(PageContentType.name)}}\n"
            try library.register(escaping + String(decoding: template.source, as: UTF8.self), named: template.rawValue)
        }
        self.library = library
    }

    /// A page, or a part of one; nil where there is no such template.
    func render(_ model: Any, with template: Template) -> String? {
        library.render(Self.values(of: model) ?? model, withTemplate: template.rawValue)
    }

    /// A model as dictionaries and arrays, nil where there is nothing.
    ///
    /// The library would otherwise reflect on a struct anew for every name that it looks up in it.
    private static func values(of model: Any) -> Any? {
        switch model {
        case is String, is Int, is Bool, is Words: return model
        default: break
        }
        let mirror = Mirror(reflecting: model)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { values(of: $0.value) }
        case .collection: return mirror.children.compactMap { values(of: $0.value) }
        case .struct:
            var fields: [String: Any] = [:]
            for child in mirror.children {
                if let name = child.label, let value = values(of: child.value) { fields[name] = value }
            }
            return fields
        default: return model
        }
    }
}

/// Text within HTML: in content and in quoted attributes alike.
struct PageContentType: MustacheContentType {
    static let name = "PAGE"

    func escapeText(_ text: String) -> String {
        guard text.utf8.contains(where: { Self.isSpecial($0) }) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): escaped += "&lt;".utf8
            case UInt8(ascii: ">"): escaped += "&gt;".utf8
            case UInt8(ascii: "&"): escaped += "&amp;".utf8
            case UInt8(ascii: "\""): escaped += "&quot;".utf8
            case UInt8(ascii: "'"): escaped += "&#39;".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "&")
            || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }
}
