import MailkeepApp
import Mustache

/// The wording as templates reach it: `{{t.btn.save}}` is the sentence `btn.save`.
struct Words: MustacheParent, MustacheCustomRenderable {
    private let wording: Wording
    private let id: String

    init(_ wording: Wording, id: String = "") {
        self.wording = wording
        self.id = id
    }

    func child(named name: String) -> Any? { Words(wording, id: id.isEmpty ? name : "\(id).\(name)") }

    var renderText: String { wording.text(key: id) }
    var isNull: Bool { false }
}

extension Wording {
    /// A sentence that only pages say.
    func text(_ id: PageWord, _ values: [String: String] = [:]) -> String { text(key: id.rawValue, values) }
}
