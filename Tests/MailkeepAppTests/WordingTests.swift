import Delivery
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Testing

@testable import MailkeepApp

@Suite("Wording")
struct WordingTests {
    @Test("Every sentence is known by an id or a code, and every id and code has its sentence")
    func idsAndSentencesAgree() {
        let codes =
            AppError.Code.allCases.map { "err.\($0.rawValue)" }
            + ImportProblem.Reason.allCases.map { "row.\($0.rawValue)" }
            + DataDirectoryError.Code.allCases.map { "directory.\($0.rawValue)" }
            + ExportVerification.Fault.allCases.map { "proof.\($0.rawValue)" }
            + FolderExclusion.allCases.map { "skip.\($0.rawValue)" }
            + DoctorSentence.allCases.map { "doctor.\($0.rawValue)" }
            + AppendReport.Reason.allCases.map { "append.\($0.rawValue)" }
            + DeliveryError.Code.allCases.map { "deliver.\($0.rawValue)" }
            + SyncFailure.Code.allCases.map(\.rawValue).flatMap { ["fail.\($0)", "reach.\($0)", "cause.\($0)"] }
            + KeyError.Code.allCases.map { "keys.\($0.rawValue)" }
            + ManifestFault.allCases.map { "manifest.\($0.rawValue)" }
        let attention = Connection.Attention.allCases.map { "notify.connection_attention.\($0.rawValue)" }
        let known = Set(WordingID.allCases.map(\.rawValue) + codes + attention)
        // What the executable and the API say of their own errors, their own tests know.
        let own = Set(
            ["usage.", "shell.", "web.", "api."].flatMap { prefix in
                Wording.sentences.keys.filter { $0.hasPrefix(prefix) }
            }
        )
        #expect(known.subtracting(Wording.sentences.keys).sorted() == [])
        // And what only pages say, the tests of the pages.
        let others = own.union(Wording.ofPages.keys)
        #expect(Set(Wording.sentences.keys).subtracting(known).subtracting(others).sorted() == [])
    }

    @Test(
        "A sentence is there in every language, in none empty, and names the same values",
        arguments: Wording.sentences.keys.sorted()
    )
    func languagesAgree(id: String) throws {
        let languages = try #require(Wording.sentences[id])
        #expect(Set(languages.keys) == Set(Locale.allCases.map(\.rawValue)))
        let values = languages.values.map(placeholders)
        #expect(Set(values).count == 1)
        for text in languages.values {
            #expect(!text.isEmpty)
            #expect(text.first?.isWhitespace == false && text.last?.isWhitespace == false)
        }
    }

    @Test("Values are put in, once, and braces within a value stay text")
    func valuesArePutIn() {
        let lock = Wording(locale: .english).text(.lockOn, ["admin": "{time}", "time": "10:00"])
        #expect(lock == "Locked (by {time}, 10:00)")
        #expect(Wording(locale: .japanese).text(.tabActive, ["n": "3"]) == "有効なユーザー (3)")
        #expect(Wording(locale: .english).text(.tabActive) == "Active users ({n})")
    }

    @Test(
        "A refusal is told by its reason's sentence, else by its rule's",
        arguments: [
            (Refusal(.p1), WordingID.noP1), (Refusal(.b3), .noB3), (Refusal(.b4), .noB4), (Refusal(.b5), .noB5),
            (Refusal(.b5, .settings), .noSettings), (Refusal(.b5, .running), .noRunning),
            (Refusal(.b5, .done), .noDone), (Refusal(.l1), .noL1), (Refusal(.l2), .noL2), (Refusal(.l3), .noL3),
            (Refusal(.l5), .noL5), (Refusal(.l5, .settings), .noSettings),
            (Refusal(.l5, .lockInactive), .noLockInactive),
            (Refusal(.l7), .noL7), (Refusal(.l9), .noL9), (Refusal(.l9, .settings), .noSettings),
            (Refusal(.n3), .noN3), (Refusal(.n4), .noN4), (Refusal(.u1), .noU1), (Refusal(.u2, .last), .noU2Last),
            (Refusal(.u2, .`self`), .noU2Self), (Refusal(.v1), .noV1), (Refusal(.v5), .noV5),
            (Refusal(.r1), .noR1),
        ]
    )
    func refusalsHaveSentences(refusal: Refusal, id: WordingID) {
        #expect(WordingID(refusal) == id)
    }

    @Test("B4 names both domains, and leaves none of its names open")
    func domainsAreNamed() {
        let refusal = Refusal(.b4, domains: .init(mailbox: "example.com", administrator: "example.jp"))
        #expect(
            Wording(locale: .english).refusal(refusal)
                == "The account's domain (example.com) doesn't match your own (example.jp)."
        )
        #expect(
            Wording(locale: .japanese).refusal(refusal)
                == "取得対象のメールアドレスのドメイン (example.com) が、管理者のメールアドレスのドメイン (example.jp) と一致していません。"
        )
    }

    @Test("R1 names the holds that stand in the way")
    func holdsAreNamed() {
        let refusal = Refusal(.r1, holds: [HoldID(rawValue: 3), HoldID(rawValue: 12)])
        #expect(Wording(locale: .english).refusal(refusal).contains("(#3, #12)"))
        #expect(Wording(locale: .japanese).refusal(refusal).contains("(#3、#12)"))
    }

    @Test(
        "No refusal but B4 and R1 names anything",
        arguments: WordingID.allCases.filter { $0.rawValue.hasPrefix("no.") }
    )
    func refusalsNameNothing(id: WordingID) {
        #expect(placeholders(Wording(locale: .english).text(id)).isEmpty == ![.noB4, .noR1].contains(id))
    }

    private func placeholders(_ text: String) -> Set<String> {
        Set(text.matches(of: /\{(\w+)\}/).map { String($0.output.1) })
    }
}
