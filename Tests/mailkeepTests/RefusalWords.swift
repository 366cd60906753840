import MailkeepModel
import TestSupport
import Testing

/// What a refusal says, by its rule and reason, in both languages; `{…}` stands for a domain.
enum RefusalWords {
    static func sentence(_ rule: String, _ reason: String?, in language: Locale) -> String? {
        table[reason.map { "\(rule) \($0)" } ?? rule].map { language == .japanese ? $0.0 : $0.1 }
    }

    private static let table: [String: (String, String)] = [
        "P1": (
            "この機能を利用できるのは、管理者権限を持つユーザーのみです。",
            "Only users with administrator permission can use this feature."
        ),
        "B3": (
            "バックアップを取得できるのは、共有の設定が「データ単位の共有」または「すべて共有」のメールアカウントのみです。",
            #"Only accounts set to "Record-level share" or "Share all" can be backed up."#
        ),
        "B4": (
            "取得対象のメールアドレスのドメイン (sakura.example) が、管理者のメールアドレスのドメイン (other.example) と一致していません。",
            "The account's domain (sakura.example) doesn't match your own (other.example)."
        ),
        "B5": (
            "有効なユーザーのバックアップは取得できません。先にユーザーを無効にしてください。",
            "Active users can't be backed up. Deactivate the user first."
        ),
        "B5 running": (
            "このユーザーのバックアップは、待機中または実行中です。",
            "This user's backup is already waiting or in progress."
        ),
        "B5 done": (
            "バックアップは完了しています。「最新のバックアップ」を利用してください。",
            #"Already backed up. Use "Latest backup"."#
        ),
        "B5 settings": noSettings,
        "L5 settings": noSettings,
        "L9 settings": noSettings,
        "L1": ("他のユーザーのメールオプションの設定は変更できません。", "You can't change another user's mail add-on settings."),
        "L2": (
            "メールオプションの設定は管理者によってロックされているため、変更できません。必要な場合は、管理者にロックの解除を依頼してください。",
            "An administrator has locked these settings. Ask an administrator to unlock them if you need to change them."
        ),
        "L3": (
            "管理者が複数いるため、自分のメールオプションの設定をロックすることはできません。他の管理者に依頼してください。",
            "You can't lock your own settings while there are other administrators. Ask one of them."
        ),
        "L5 lock.inactive": ("無効なユーザーの設定はロックできません。", "Inactive users' settings can't be locked."),
        "L5": (
            "共有の設定を「共有しない」にしているユーザーの設定はロックできません。",
            #"Settings of users set to "Don't share" can't be locked."#
        ),
        "L7": (
            "管理者が複数いるため、自分のメールオプションの設定のロックは解除できません。他の管理者に依頼してください。",
            "You can't unlock your own settings while there are other administrators. Ask one of them."
        ),
        "N3": (
            "アカウントが有効にされた後、メールオプションの設定が保存されていないため、最新のバックアップを取得できません。"
                + "アカウントを有効にし、本人がサインインして設定を保存した後、再度無効にしてください。",
            "No latest backup: the settings weren't saved after activation. Activate the account, have the user sign in "
                + "and save them, then deactivate it again."
        ),
        "N4": (
            "ユーザーが共有の設定を「共有しない」に変更したため、最新のバックアップを取得できません。",
            #"No latest backup: the user changed sharing to "Don't share"."#
        ),
        "U1": (
            "このアカウントは無効です。管理者にお問い合わせください。",
            "This account is inactive. Contact an administrator."
        ),
        "U2 last": (
            "有効な管理者が1人のみのため、無効化や標準ユーザーへの変更はできません。",
            "The last active administrator can't be deactivated or made a standard user."
        ),
        "U2 self": ("自分自身を無効にすることはできません。", "You can't deactivate yourself."),
        "V5": (
            "このメールアドレスは顧客のデータに登録されているため、自分のメールボックスには設定できません。自分のメールアドレスの場合は、管理者に別名としての登録を依頼してください。",
            "This address stands on a customer's record and can't be your mailbox's. If it is your own, ask an "
                + "administrator to add it as your alias."
        ),
        "V1": ("データが見つからないか、閲覧する権限がありません。", "Not found, or you may not view it."),
    ]

    private static let noSettings = (
        "メールオプションの設定が保存されていません。", "No mail add-on settings have been saved."
    )
}

extension Workplace {
    /// Runs a command that a rule refuses, and checks how that is told: the status, the error document, and the words.
    func expectRefused(
        _ rule: String,
        because reason: String? = nil,
        _ line: String,
        as person: Person,
        input: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await run(line, as: person, json: true, input: input)
        #expect(answer.status == 77, "\(line): \(answer.text)\(answer.errorText)", sourceLocation: sourceLocation)
        guard answer.status == 77 else { return }
        let error = try answer.error(sourceLocation: sourceLocation)
        let words = try #require(RefusalWords.sentence(rule, reason, in: language), sourceLocation: sourceLocation)
        #expect(error.code == "NOT_ALLOWED", sourceLocation: sourceLocation)
        #expect(error.details.rule == rule, sourceLocation: sourceLocation)
        #expect(error.details.reason == reason, sourceLocation: sourceLocation)
        #expect(error.message == words, sourceLocation: sourceLocation)
        #expect(answer.errorText == "mailkeep: \(rule): \(words)\n", sourceLocation: sourceLocation)
    }
}

/// A language, and whether a server runs.
struct Setting: Sendable, CustomTestStringConvertible {
    let language: Locale
    let hasServer: Bool

    static let all = [Locale.japanese, .english].flatMap { language in
        [false, true].map { Setting(language: language, hasServer: $0) }
    }

    var testDescription: String { "\(language.rawValue), \(hasServer ? "with" : "without") a server" }
}
