import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Organization > Legal holds: those that stand, and placing and lifting them (R1, R2).
struct HoldPages {
    static let address = "/settings/holds"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/holds") { _, context in
            let holds = try await site.mailkeep.perform(ListHolds(liftedToo: true), as: context.caller)
            let presenter = Presenter(context)
            let lines = holds.map { HoldLine($0, presenter) }
            let content = List(
                standing: lines.filter { $0.lifted == nil },
                lifted: lines.filter { $0.lifted != nil },
                placeAddress: "\(Self.address)/new?organization=yes"
            )
            return try await site.render(.holds, title: presenter.wording.text(.holdTitle), content, for: context)
        }
        router.get("/settings/holds/new") { _, context in
            try await question(try Self.scope(context.visit.query), for: context)
        }
        router.post("/settings/holds/new") { _, context in try await place(context) }
        router.get("/settings/holds/{hold}/lift") { _, context in try await lifting(for: context) }
        router.post("/settings/holds/{hold}/lift") { _, context in try await lift(context) }
    }

    /// Where a hold is placed on something.
    static func placeAddress(_ scope: HoldScope) -> String {
        var address = PageAddress("\(address)/new")
        for (name, value) in fields(of: scope) { address.add(name, value) }
        return address.text
    }

    /// What names a scope in an address or a form.
    private static func fields(of scope: HoldScope) -> [(String, String)] {
        switch scope {
        case .organization: [("organization", "yes")]
        case .user(let user): [("user", "\(user)")]
        case .record(let record): [("module", record.module.rawValue), ("id", "\(record.id)")]
        case .backup(let backup): [("backup", "\(backup)")]
        }
    }

    /// What an address or a form names; with nothing it is no page's.
    private static func scope(_ form: FormData) throws -> HoldScope {
        if let user = form["user"] { return .user(UserID(orNone: user)) }
        if let backup = form["backup"] { return .backup(BackupID(orNone: backup)) }
        if let module = form["module"].flatMap({ Module(rawValue: $0) }) {
            return .record(RecordKey(module: module, id: Identifier(orNone: form["id"])))
        }
        guard form["organization"] != nil else { throw HTTPError(.notFound) }
        return .organization
    }

    private static func hold(_ context: SignedInContext) -> HoldID {
        HoldID(orNone: context.parameters.get("hold"))
    }

    private struct List {
        let standing: [HoldLine]
        let lifted: [HoldLine]
        let placeAddress: String
    }

    /// A question with a reason.
    private struct Question {
        struct Field {
            let fieldName: String
            let fieldValue: String
        }

        let question: String
        let hint: String?
        let standing: [String]
        let problem: String?
        let action: String
        let fields: [Field]
        let reason: String
        let button: String
        let back: String
    }

    private func question(
        _ scope: HoldScope,
        reason: String = "",
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let preview = try await site.mailkeep.perform(PreviewHold(on: scope), as: context.caller)
        let presenter = Presenter(context)
        let wording = presenter.wording
        let name = preview.name ?? ""
        let (what, back): (String?, String) =
            switch scope {
            case .organization: (nil, Self.address)
            case .user(let user): (wording.text(.holdNameUser, ["name": name]), "\(UserPages.address)/\(user)")
            case .record(let record): (wording.text(.holdNameRecord, ["name": name]), RecordPages.address(record))
            case .backup(let backup):
                (wording.text(.holdNameBackup, ["name": name, "id": "\(backup)"]), "\(BackupPages.address)/\(backup)")
            }
        let content = Question(
            question: what.map { wording.text(.holdPlaceQuestion, ["name": $0]) }
                ?? wording.text(.holdPlaceOrganizationQuestion),
            hint: wording.text(.holdPlaceHint),
            standing: preview.standing.map { presenter.text(of: $0) },
            problem: problem?.message,
            action: "\(Self.address)/new",
            fields: Self.fields(of: scope).map { Question.Field(fieldName: $0.0, fieldValue: $0.1) },
            reason: reason,
            button: wording.text(.holdPlace),
            back: back
        )
        let status = problem?.status ?? .ok
        return try await site.render(.hold, title: wording.text(.holdPlace), content, status, for: context)
    }

    private func place(_ context: SignedInContext) async throws -> Response {
        let scope = try Self.scope(context.form)
        let reason = context.form["reason"] ?? ""
        do {
            let hold = try await site.mailkeep.perform(PlaceHold(on: scope, reason: reason), as: context.caller)
            let notice = Notice(text: Presenter(context).wording.text(.okHold, ["id": hold.id]))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        } catch let error as AppError where error.code == .reasonNeeded {
            return try await question(
                scope,
                reason: reason,
                problem: Problem(error, in: context.user.locale),
                for: context
            )
        }
    }

    private func lifting(
        reason: String = "",
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let hold = try await site.mailkeep.perform(ShowHold(Self.hold(context)), as: context.caller)
        let presenter = Presenter(context)
        let wording = presenter.wording
        guard hold.isStanding else { return .redirect(to: Self.address, type: .normal) }
        let content = Question(
            question: wording.text(.holdLiftQuestion, ["id": hold.id]),
            hint: nil,
            standing: ["\(presenter.scope(of: hold)) \(presenter.text(of: hold))"],
            problem: problem?.message,
            action: "\(Self.address)/\(hold.id)/lift",
            fields: [],
            reason: reason,
            button: wording.text(key: "hold.lift"),
            back: Self.address
        )
        let status = problem?.status ?? .ok
        return try await site.render(.hold, title: wording.text(.holdLiftTitle), content, status, for: context)
    }

    private func lift(_ context: SignedInContext) async throws -> Response {
        let hold = Self.hold(context)
        let reason = context.form["reason"] ?? ""
        do {
            let result = try await site.mailkeep.perform(LiftHold(hold, reason: reason), as: context.caller)
            let id = result == .done ? WordingID.okHoldLift : .okUnchanged
            let notice = Notice(text: Presenter(context).wording.text(id, ["id": "\(hold)"]))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        } catch let error as AppError where error.code == .reasonNeeded {
            return try await lifting(reason: reason, problem: Problem(error, in: context.user.locale), for: context)
        }
    }
}

/// A hold in the list of holds.
private struct HoldLine {
    let holdID: String
    let scopeText: String
    let scopeAddress: String?
    let reason: String
    let placedBy: String
    let placed: Moment?
    let liftAddress: String
    let lifted: Moment?
    let liftedBy: String?
    let liftReason: String?

    init(_ hold: HoldShape, _ presenter: Presenter) {
        holdID = hold.id
        scopeText = presenter.scope(of: hold)
        scopeAddress =
            hold.user.map { "\(UserPages.address)/\($0.id)" } ?? hold.record.map { "/records/\($0)" }
            ?? hold.backup.map { "\(BackupPages.address)/\($0)" }
        reason = hold.reason
        placedBy = hold.placed_by.name
        placed = presenter.moment(hold.placed_time)
        liftAddress = "\(HoldPages.address)/\(hold.id)/lift"
        lifted = presenter.moment(hold.lifted_time)
        liftedBy = hold.lifted_by?.name
        liftReason = hold.lift_reason
    }
}

extension Presenter {
    /// What a hold is on, a record by its module's name.
    func scope(of hold: HoldShape) -> String {
        var named = hold
        named.record = hold.record.map(record)
        return wording.scope(of: named)
    }

    /// A record that is named as the API names it: `Contacts/12`.
    func record(_ key: String) -> String {
        let parts = key.split(separator: "/")
        guard parts.count == 2, let module = Module(rawValue: String(parts[0])) else { return key }
        return "\(self.module(module)) #\(parts[1])"
    }

    /// A hold on the page of what it covers.
    func text(of hold: HoldShape) -> String { wording.text(of: hold, time: moment(hold.placed_time)?.shown) }
}

/// The holds that stand on what a page is about, for administrators.
struct HoldPart {
    let holdTexts: [String]
    let placeAddress: String

    init(_ holds: [HoldShape], on scope: HoldScope, _ presenter: Presenter) {
        holdTexts = holds.map { presenter.text(of: $0) }
        placeAddress = HoldPages.placeAddress(scope)
    }
}
