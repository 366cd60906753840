import Foundation

/// Names and values that came with an address or a form (application/x-www-form-urlencoded).
struct FormData: Sendable {
    private var fields: [(name: String, value: String)] = []

    init() {}

    /// Reads the part of an address after `?`, or the body of a form, which has the same form.
    init(encoded: String) {
        fields = encoded.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decode(halves[0]), halves.count > 1 ? Self.decode(halves[1]) : "")
        }
    }

    private static func decode(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? ""
    }

    /// The value of a field; nil where it was not sent.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The value of a field without white space around it; nil where nothing was sent or typed.
    func text(_ name: String) -> String? {
        let text = self[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text?.isEmpty == false ? text : nil
    }

    /// All values of a field that may be sent several times.
    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
}
