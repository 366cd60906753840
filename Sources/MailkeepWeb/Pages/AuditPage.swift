import Foundation
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Organization > Audit log: who did what, on whom, when, from where, and with which outcome (U4).
struct AuditPage {
    static let address = "/settings/audit-log"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/audit-log") { _, context in
            let form = context.visit.query
            let presenter = Presenter(context)
            let asked = try await query(form, presenter, for: context)
            let page = try await site.mailkeep.perform(FindAuditEntries(asked.query), as: context.caller)
            let actions = try await site.mailkeep.perform(ListAuditActions(), as: context.caller)
            let content = AuditListPage(page, asked, actions: actions, presenter)
            return try await site.render(.audit, title: presenter.wording.text(.auditTitle), content, for: context)
        }
        router.post("/settings/audit-log/verify") { _, context in
            let result = try await site.mailkeep.perform(VerifyAuditLog(), as: context.caller)
            let presenter = Presenter(context)
            let count = ["count": presenter.number(result.entries)]
            var notice = Notice(text: presenter.wording.text(.okAudit, count))
            if let broken = result.first_broken {
                let error = AppError(.auditBroken, ["id": broken])
                notice = Notice(text: Presenter(context).wording.error(error), isProblem: true)
            } else if !result.backups_beyond.isEmpty {
                let error = AppError(.auditCut, ["backups": result.backups_beyond.joined(separator: ", ")])
                notice = Notice(text: Presenter(context).wording.error(error), isProblem: true)
            }
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        }
    }

    /// What is asked for; people are named by their e-mail addresses.
    private func query(
        _ form: FormData,
        _ presenter: Presenter,
        for context: SignedInContext
    ) async throws -> AuditListQuery {
        var asked = AuditListQuery(
            since: form.text("since") ?? "",
            until: form.text("until") ?? "",
            actor: form.text("actor") ?? "",
            user: form.text("user") ?? "",
            query: AuditQuery(
                action: form.text("action"),
                outcome: form["outcome"].flatMap { AuditOutcome(rawValue: $0) },
                rule: form.text("rule"),
                target: form.text("target") ?? "",
                page: PageRequest(form["page"].flatMap { Int($0) } ?? 1)
            )
        )
        asked.query.since = presenter.startOfDay(asked.since)
        // The last day asked for counts as a whole.
        asked.query.until = presenter.startOfDay(asked.until, addingDays: 1)
        for (text, field) in [(asked.actor, \AuditQuery.actor), (asked.user, \.user)] where !text.isEmpty {
            do {
                asked.query[keyPath: field] = try await site.mailkeep.user(named: text, for: context.caller)
            } catch is AppError {
                // Nobody has this address: nothing is found.
                asked.query[keyPath: field] = UserID(rawValue: 0)
            }
        }
        return asked
    }
}

/// What is asked for of the audit log, as it was typed.
struct AuditListQuery {
    var since: String
    var until: String
    var actor: String
    var user: String
    var query: AuditQuery

    var address: PageAddress {
        var address = PageAddress(AuditPage.address)
        address.add("since", since)
        address.add("until", until)
        address.add("actor", actor)
        address.add("user", user)
        address.add("action", query.action)
        address.add("outcome", query.outcome?.rawValue)
        address.add("rule", query.rule)
        address.add("target", query.target)
        return address
    }
}

private struct AuditListPage {
    struct Entry {
        let entryID: String
        let at: Moment?
        let actionName: String
        let actionCode: String
        let actorName: String
        let onUser: String
        let target: String
        let outcomeClass: String
        let outcomeName: String
        let rule: String?
        let origin: String
        let details: [String]
        let request: String
        let hash: String
    }

    let since: String
    let until: String
    let actor: String
    let user: String
    let target: String
    let actions: [Choice]
    let outcomes: [Choice]
    let rules: [Choice]
    let entries: [Entry]
    let isEmpty: Bool
    let pager: Pager

    init(_ page: Page<AuditShape>, _ asked: AuditListQuery, actions: [String], _ presenter: Presenter) {
        let wording = presenter.wording
        (since, until, actor, user) = (asked.since, asked.until, asked.actor, asked.user)
        target = asked.query.target
        let all = Choice("", wording.text(.filterAll), chosen: nil)
        self.actions = [all] + actions.map { Choice($0, presenter.auditAction($0), chosen: asked.query.action) }
        outcomes =
            [all]
            + AuditOutcome.allCases.map {
                Choice($0.rawValue, wording.text(key: "out.\($0.rawValue)"), chosen: asked.query.outcome?.rawValue)
            }
        rules = [all] + Rule.allCases.map { Choice($0.rawValue, $0.rawValue, chosen: asked.query.rule) }
        entries = page.items.map { entry in
            Entry(
                entryID: entry.id,
                at: presenter.moment(entry.time),
                actionName: presenter.auditAction(entry.action),
                actionCode: entry.action,
                actorName: entry.done_by?.name ?? "-",
                onUser: entry.user?.name ?? "",
                target: entry.target ?? "",
                outcomeClass: entry.outcome,
                outcomeName: wording.text(key: "out.\(entry.outcome)"),
                rule: entry.rule.map { rule in entry.reason.map { "\(rule) (\($0))" } ?? rule },
                origin: entry.origin,
                details: entry.details.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" },
                request: entry.request,
                hash: entry.hash
            )
        }
        isEmpty = entries.isEmpty
        pager = Pager(page, asked.address, presenter)
    }
}

extension Presenter {
    /// An action of the audit log in words; one that has none by its code.
    func auditAction(_ action: String) -> String {
        let key = "act.\(action)"
        let text = wording.text(key: key)
        return text == key ? action : text
    }
}
