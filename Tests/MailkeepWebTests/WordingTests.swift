import Foundation
import MailkeepModel
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Templates and wording")
struct WordingTests {
    /// The sources of all targets.
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    private static func text(of template: Template) -> String { String(decoding: template.source, as: UTF8.self) }

    @Test("Every file of the templates is a template, with its text")
    func files() throws {
        let folder = Self.sources.appending(path: "MailkeepWeb/Templates")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path())
        #expect(files.sorted() == Template.allCases.map { "\($0.rawValue).mustache" }.sorted())
        for template in Template.allCases {
            let file = folder.appending(path: "\(template.rawValue).mustache")
            #expect(try Array(Data(contentsOf: file)) == template.source, "\(template.rawValue)")
        }
    }

    @Test(
        "Nothing in a template goes out unescaped, and no script or style stands in one",
        arguments: Template.allCases
    )
    func templates(template: Template) {
        let text = Self.text(of: template)
        #expect(!text.contains("{{{") && !text.contains("{{&") && !text.contains("CONTENT_TYPE"))
        #expect(text.firstMatch(of: /<script>|<style|\sstyle=|\son[a-z]+=|javascript:/.ignoresCase()) == nil)
        // A value stands in quoted attributes alone.
        #expect(text.firstMatch(of: /=\{\{/) == nil)
        for form in text.matches(of: /<form method="post"[^>]*>\s*(.*)/) {
            #expect(form.output.1.contains("name=\"form_token\" value=\"{{formToken}}\""), "\(form.output.0)")
        }
    }

    private static var usedByTemplates: Set<String> {
        Set(Template.allCases.flatMap { text(of: $0).matches(of: /\{\{t\.([\w.]+)\}\}/).map { String($0.output.1) } })
    }

    @Test("Every sentence of the templates and of the pages' code is there")
    func used() {
        let known = Set(Wording.sentences.keys)
        #expect(Self.usedByTemplates.subtracting(known).sorted() == [])
        #expect(Set(PageWord.allCases.map(\.rawValue)).subtracting(known).sorted() == [])
        #expect(Self.usedByTemplates.count > 100)
    }

    /// The names of actions in the audit log, as the sources have them.
    private static func auditActions() throws -> Set<String> {
        var actions = Set(BackupKind.allCases.flatMap { [$0.rawValue, "\($0.rawValue).end"] })
        for target in ["MailkeepApp", "MailkeepSync"] {
            let folder = sources.appending(path: target)
            let files = FileManager.default.enumerator(atPath: folder.path())?.compactMap { $0 as? String } ?? []
            for file in files where file.hasSuffix(".swift") {
                let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                for found in text.matches(of: /AuditedAction\(\s*name: (?:\w+ \? "([\w.]+)" : )?"([\w.]+)"/) {
                    actions.insert(String(found.output.2))
                    if let other = found.output.1 { actions.insert(String(other)) }
                }
                for found in text.matches(of: /completedBackup\(\w+, for: "([\w.]+)"/) {
                    actions.insert(String(found.output.1))
                }
            }
        }
        return actions
    }

    @Test("Every code has its sentence, and every sentence of the pages is said somewhere")
    func families() throws {
        let codes = Set(
            try Self.auditActions().map { "act.\($0)" }
                + VisibilityPolicy.Ground.allCases.map { "ground.\($0.rawValue)" }
                + AssociationGround.allCases.map { "opened.\($0.rawValue)" }
                + Module.allCases.map { "module.\($0.rawValue.lowercased())" }
                + SharingSetting.allCases.map { "sharing.\($0.rawValue)" }
                + EventType.allCases.map { "event.\($0.rawValue)" } + ["event.webhook.test"]
                + Scope.everything.map { "scope.\($0.area.rawValue)" }
        )
        let pages = Set(Wording.ofPages.keys)
        #expect(codes.subtracting(pages).sorted() == [])
        // Some are said elsewhere too, in other words.
        let said = Set(Wording.own.keys).union(codes).union(Self.usedByTemplates).union(
            PageWord.allCases.map(\.rawValue)
        )
        #expect(pages.subtracting(said).sorted() == [])
        let others = Wording.sentences.filter { !pages.contains($0.key) }
        #expect(others.count > 100)
    }

    @Test("What the API says has its sentence, and no sentence is there that it does not say")
    func api() throws {
        let folder = Self.sources.appending(path: "MailkeepWeb/API")
        var said = Set(APIFault.Code.allCases.map { "api.\($0.rawValue)" } + [WordingID.apiReference.rawValue])
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path()) where file.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            said.formUnion(text.matches(of: /"(api\.[a-z_]+)"/).map { String($0.output.1) })
        }
        #expect(said.sorted() == Wording.sentences.keys.filter { $0.hasPrefix("api.") }.sorted())
    }

    @Test("A sentence of the pages is there in both languages, and names the same values in both")
    func languages() {
        for (id, sentences) in Wording.ofPages {
            #expect(Set(sentences.keys) == Set(MailkeepModel.Locale.allCases.map(\.rawValue)), "\(id)")
            let values = sentences.values.map { text in Set(text.matches(of: /\{(\w+)\}/).map { String($0.output.1) }) }
            #expect(Set(values).count == 1, "\(id)")
            #expect(sentences.values.allSatisfy { !$0.isEmpty }, "\(id)")
        }
    }

    @Test("What pages say in words of their own names no option or file of the shell, nor values that are not there")
    func ownWords() {
        let onlyInShell = [
            "usage.", "shell.", "directory.", "web.", "row.", "err.import_", "err.snapshot_", "doctor.", "keys.",
            "ok.keys.", "err.master_key_",
        ]
        for locale in MailkeepModel.Locale.allCases {
            let page = Wording(locale: locale, on: .page)
            for id in Wording.sentences.keys where !onlyInShell.contains(where: { id.hasPrefix($0) }) {
                let text = page.text(key: id)
                #expect(text.firstMatch(of: /--\w|MAILKEEP_|mailkeep init|import roles/) == nil, "\(id): \(text)")
                let values = { (text: String) in Set(text.matches(of: /\{(\w+)\}/).map { String($0.output.1) }) }
                let own = Wording.own[id]?[locale.rawValue] ?? text
                #expect(values(text) == values(own), "\(id)")
            }
        }
    }

    @Test("A template says no sentence whose values nobody puts in")
    func values() {
        for id in Self.usedByTemplates {
            let text = Wording(locale: .english).text(key: id)
            #expect(text.firstMatch(of: /\{\w+\}/) == nil, "\(id)")
        }
    }
}
