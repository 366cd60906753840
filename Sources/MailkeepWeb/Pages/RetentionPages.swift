import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Organization > Retention: how long mail is kept, asked for with a look at what would go (R3).
struct RetentionPages {
    static let address = "/settings/retention"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/retention") { _, context in try await setting(for: context) }
        router.get("/settings/retention/question") { _, context in
            try await question(context.visit.query["days"] ?? "", for: context)
        }
        router.post("/settings/retention") { _, context in
            let entered = context.form["days"] ?? ""
            let days = entered.isEmpty ? nil : Int(entered) ?? 0
            let confirmed = context.form["confirm"].flatMap { Int($0) }
            do {
                _ = try await site.mailkeep.perform(SetRetention(days: days, confirmed: confirmed), as: context.caller)
            } catch let error as AppError where error.code == .retentionUnseen {
                return try await question(entered, problem: Problem(error, in: context.user.locale), for: context)
            }
            let notice = Notice(text: Presenter(context).wording.text(.retentionSaved))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        }
    }

    private struct Setting {
        let now: String
        let days: String
        let problem: String?
    }

    fileprivate struct Question {
        struct Line {
            let lineName: String
            let countText: String
            let sizeText: String
            let oldest: Moment?
            let newest: Moment?
        }

        let question: String
        let problem: String?
        let days: String
        let confirm: String
        let lines: [Line]
        let staysText: String?
        let isNothing: Bool
        let button: String
    }

    private func setting(
        _ entered: String? = nil,
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let organization = try await site.mailkeep.perform(ShowOrganization(), as: context.caller)
        let presenter = Presenter(context)
        let days = organization.retention_days
        let content = Setting(
            now: days.map { presenter.wording.text(.sayDays, ["n": presenter.number($0)]) }
                ?? presenter.wording.text(.sayForEver),
            days: entered ?? days.map(String.init) ?? "",
            problem: problem?.message
        )
        let title = presenter.wording.text(.retentionTitle)
        return try await site.render(.retention, title: title, content, problem?.status ?? .ok, for: context)
    }

    private func question(
        _ entered: String,
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let presenter = Presenter(context)
        let wording = presenter.wording
        var content: Question
        if entered.isEmpty {
            _ = try await site.mailkeep.perform(ShowOrganization(), as: context.caller)
            content = Question(
                question: wording.text(.retentionQuestionEver),
                problem: nil,
                days: "",
                confirm: "0",
                lines: [],
                staysText: nil,
                isNothing: false,
                button: wording.text(.retentionSave)
            )
        } else {
            let preview: RetentionPreviewShape
            do {
                let action = PreviewRetention(days: Int(entered) ?? 0)
                preview = try await site.mailkeep.perform(action, as: context.caller)
            } catch let error as AppError where error.code == .badRetentionDays {
                return try await setting(entered, problem: Problem(error, in: context.user.locale), for: context)
            }
            content = Question(preview, problem: problem?.message, presenter)
        }
        let title = wording.text(.retentionTitle)
        return try await site.render(.retentionQuestion, title: title, content, problem?.status ?? .ok, for: context)
    }
}

extension RetentionPages.Question {
    fileprivate init(_ preview: RetentionPreviewShape, problem: String?, _ presenter: Presenter) {
        let wording = presenter.wording
        let count = presenter.number(preview.total.messages)
        isNothing = preview.total.messages == 0
        question = wording.text(
            .retentionQuestion,
            [
                "n": presenter.number(preview.days),
                "time": presenter.moment(preview.cutoff_time)?.shown ?? preview.cutoff_time,
            ]
        )
        self.problem = problem
        days = "\(preview.days)"
        confirm = "\(preview.total.messages)"
        lines =
            isNothing
            ? []
            : (preview.users + [preview.total]).map { totals in
                Line(
                    lineName: totals.user?.name ?? wording.text(.colTotal),
                    countText: presenter.number(totals.messages),
                    sizeText: presenter.size(totals.bytes),
                    oldest: presenter.moment(totals.oldest_time),
                    newest: presenter.moment(totals.newest_time)
                )
            }
        staysText =
            preview.held + preview.backed_up == 0
            ? nil
            : wording.text(
                .retentionStays,
                ["held": presenter.number(preview.held), "backed_up": presenter.number(preview.backed_up)]
            )
        button = isNothing ? wording.text(.retentionSave) : wording.text(.retentionRemove, ["n": count])
    }
}
