import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Organization > Erasure: a person's mail, erased on request (R4).
///
/// The address goes in forms alone, so that no address bar, history or log keeps it.
struct ErasurePages {
    static let address = "/settings/erasures"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/erasures") { _, context in try await list(for: context) }
        router.post("/settings/erasures/preview") { _, context in
            let entered = context.form["address"] ?? ""
            do {
                return try await preview(entered, for: context)
            } catch let error as AppError where error.code == .badEmail {
                return try await list(entered, problem: Problem(error, in: context.user.locale), for: context)
            }
        }
        router.post("/settings/erasures") { _, context in
            let entered = context.form["address"] ?? ""
            let action = StartErasure(
                address: entered,
                reason: context.form["reason"] ?? "",
                confirmed: context.form.text("confirm").flatMap { Int($0) } ?? -1
            )
            do {
                _ = try await site.mailkeep.perform(action, as: context.caller)
            } catch let error as AppError where error.code == .badEmail {
                return try await list(entered, problem: Problem(error, in: context.user.locale), for: context)
            } catch {
                guard error is AppError || (error as? Refusal)?.rule == .r1 else { throw error }
                return try await preview(entered, problem: Problem(error, in: context.user.locale), for: context)
            }
            let notice = Notice(text: Presenter(context).wording.text(.erasureBegun))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        }
    }

    private struct List {
        struct Line {
            let erasureID: String
            let requested: Moment?
            let requestedBy: String
            let reason: String
            let countText: String
            let ended: Moment?
            let leftText: String?
        }

        let entered: String
        let problem: String?
        let lines: [Line]
    }

    private struct Preview {
        struct Fact {
            let factName: String
            let factText: String
        }

        let entered: String
        let facts: [Fact]
        let problem: String?
        let heldText: String?
        let reason: String
        let mayErase: Bool
    }

    private func list(
        _ entered: String = "",
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let erasures = try await site.mailkeep.perform(ListErasures(), as: context.caller)
        let presenter = Presenter(context)
        let content = List(
            entered: entered,
            problem: problem?.message,
            lines: erasures.map { erasure in
                List.Line(
                    erasureID: erasure.id,
                    requested: presenter.moment(erasure.requested_time),
                    requestedBy: erasure.requested_by.name,
                    reason: erasure.reason,
                    countText: presenter.number(erasure.messages),
                    ended: presenter.moment(erasure.ended_time),
                    leftText: erasure.left > 0 ? presenter.number(erasure.left) : nil
                )
            }
        )
        let title = presenter.wording.text(.erasureTitle)
        return try await site.render(.erasures, title: title, content, problem?.status ?? .ok, for: context)
    }

    private func preview(
        _ entered: String,
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let shape = try await site.mailkeep.perform(PreviewErasure(address: entered), as: context.caller)
        let presenter = Presenter(context)
        let wording = presenter.wording
        let holds = shape.holds.map { "#\($0)" }.joined(separator: presenter.listSeparator)
        let content = Preview(
            entered: shape.address,
            facts: presenter.facts(of: shape).map { Preview.Fact(factName: $0.0, factText: $0.1) },
            problem: problem?.message,
            heldText: holds.isEmpty ? nil : "\(wording.text(.erasureHeld)) \(holds)",
            reason: context.form["reason"] ?? "",
            mayErase: shape.holds.isEmpty && shape.total.messages + shape.not_stored > 0
        )
        let title = wording.text(.erasurePreview)
        return try await site.render(.erasure, title: title, content, problem?.status ?? .ok, for: context)
    }
}

extension Presenter {
    /// What stands between the items of a list.
    var listSeparator: String { locale == .japanese ? "、" : ", " }

    /// What an erasure would erase, and what else refers to it.
    fileprivate func facts(of preview: ErasurePreviewShape) -> [(String, String)] {
        func list(_ items: [String]) -> String { items.isEmpty ? "-" : items.joined(separator: listSeparator) }
        let total = preview.total
        let facts: [(WordingID, String)] = [
            (.colSize, size(total.bytes)), (.colOldest, moment(total.oldest_time)?.shown ?? "-"),
            (.colNewest, moment(total.newest_time)?.shown ?? "-"), (.eraseNotStored, number(preview.not_stored)),
            (.eraseTagged, number(preview.with_tag)), (.eraseRecords, list(preview.records.map(record))),
            (.eraseFurther, list(preview.further_addresses)), (.eraseOtherRecords, number(preview.other_records)),
            (.eraseCorrespondents, number(preview.correspondents)),
            (.eraseBackups, list(preview.backups.map { "#\($0.id) \($0.user.name) (\(number($0.messages)))" })),
            (.eraseUsers, list(preview.users.map { "\($0.user.name) (\(number($0.messages)))" })),
        ]
        return [(wording.text(.erasureCount), number(total.messages))]
            + facts.map { (wording.text($0.0), $0.1) }
    }
}
