import MailkeepApp
import MailkeepModel

/// What is asked for of the page of mail add-on users.
struct MailAddonListQuery {
    var query: MailAddonUserQuery

    init(_ form: FormData) {
        query = MailAddonUserQuery(
            status: form["tab"] == UserStatus.inactive.rawValue ? .inactive : .active,
            search: form.text("q") ?? "",
            sharing: form["sharing"].flatMap { SharingSetting(rawValue: $0) },
            isLocked: form["lock"].flatMap { ["locked": true, "unlocked": false][$0] },
            accountType: form["type"].flatMap { AccountType(rawValue: $0) },
            backup: form["backup"].flatMap { MailAddonUserQuery.Backup(rawValue: $0) },
            sorting: Sorting(form["sort"]) ?? Sorting(by: .name),
            page: PageRequest(form["page"].flatMap { Int($0) } ?? 1)
        )
    }

    var address: PageAddress {
        var address = PageAddress(MailAddonPages.address)
        if query.status == .inactive { address.add("tab", query.status.rawValue) }
        address.add("q", query.search)
        address.add("sharing", query.sharing?.rawValue)
        address.add("lock", lock)
        address.add("type", query.accountType?.rawValue)
        address.add("backup", query.backup?.rawValue)
        if query.sorting != Sorting(by: .name) {
            address.add("sort", (query.sorting.isDescending ? "-" : "") + query.sorting.key.rawValue)
        }
        return address
    }

    /// The name under which addresses of actions carry the list that they are asked from.
    private static let field = "back"

    /// The list that an action was asked from, as its address says; nil where it was asked from elsewhere.
    init?(leftBy context: SignedInContext) {
        guard let left = context.visit.query[Self.field] else { return nil }
        self.init(FormData(encoded: left))
    }

    /// The list with the page that is shown.
    var place: PageAddress {
        var place = address
        if query.page.number > 1 { place.add("page", "\(query.page.number)") }
        return place
    }

    /// The address of an action that leads back to the list.
    func action(_ address: String) -> String {
        var action = PageAddress(address)
        action.add(Self.field, place.query ?? "tab=\(UserStatus.active.rawValue)")
        return action.text
    }

    /// The list on the other tab, where the user whose row it was stands from now on.
    func on(_ status: UserStatus) -> Self {
        guard query.status != status else { return self }
        var list = self
        list.query.status = status
        list.query.page = PageRequest()
        list.query.backup = nil
        if [.backup, .messages, .takenAt, .lastSync].contains(query.sorting.key) {
            list.query.sorting = Sorting(by: .name)
        }
        return list
    }

    var lock: String? { query.isLocked.map { $0 ? "locked" : "unlocked" } }
}

extension MailAddonListQuery? {
    /// The address of an action that leads back to the list, where it was asked from one.
    func action(_ address: String) -> String { map { $0.action(address) } ?? address }
}

/// The page of mail add-on users.
struct MailAddonListPage {
    let isInactive: Bool
    let severalAddress: String
    let linking: LinkingPart?
    let activeTab: String
    let inactiveTab: String
    let search: String
    let isFiltered: Bool
    let sharings: [Choice]
    let locks: [Choice]
    let types: [Choice]
    let backups: [Choice]
    let userColumn: SortableColumn
    let mailboxColumn: SortableColumn
    let typeColumn: SortableColumn
    let sharingColumn: SortableColumn
    let lockColumn: SortableColumn
    let syncColumn: SortableColumn
    let backupColumn: SortableColumn
    let countColumn: SortableColumn
    let takenColumn: SortableColumn
    let rows: [MailAddonRow]
    let isEmpty: Bool
    let pager: Pager

    init(_ found: FindMailAddonUsers.Output, _ asked: MailAddonListQuery, _ presenter: Presenter) {
        let (wording, query) = (presenter.wording, asked.query)
        isInactive = query.status == .inactive
        severalAddress = asked.action("\(MailAddonPages.address)/actions")
        linking = found.linking.isPending ? LinkingPart(found.linking, presenter) : nil
        activeTab = wording.text(.tabActive, ["n": presenter.number(found.activeCount)])
        inactiveTab = wording.text(.tabInactive, ["n": presenter.number(found.inactiveCount)])
        search = query.search
        let all = Choice("", wording.text(.filterAll), chosen: nil)
        sharings =
            [all]
            + SharingSetting.allCases.map {
                Choice($0.rawValue, presenter.sharing($0.rawValue), chosen: query.sharing?.rawValue)
            }
        locks =
            [all]
            + [("locked", PageWord.addonLocked), ("unlocked", .addonUnlocked)].map {
                Choice($0.0, wording.text($0.1), chosen: asked.lock)
            }
        types =
            [all]
            + AccountType.allCases.map { Choice($0.rawValue, $0.displayName, chosen: query.accountType?.rawValue) }
        backups =
            [all]
            + MailAddonUserQuery.Backup.allCases.map {
                Choice($0.rawValue, presenter.backupStatus($0.rawValue), chosen: query.backup?.rawValue)
            }
        isFiltered =
            !query.search.isEmpty || query.sharing != nil || query.isLocked != nil || query.accountType != nil
            || query.backup != nil
        let column = { (name: WordingID, key: MailAddonUserQuery.Key) in
            SortableColumn(wording.text(name), key, in: query.sorting, asked.address)
        }
        userColumn = column(.colUser, .name)
        mailboxColumn = column(.colMailbox, .mailbox)
        typeColumn = column(.colType, .accountType)
        sharingColumn = column(.colSharing, .sharing)
        lockColumn = column(.colLock, .lock)
        syncColumn = column(.colSync, .lastSync)
        backupColumn = column(.colDetails, .backup)
        countColumn = column(.colCount, .messages)
        takenColumn = column(.colTaken, .takenAt)
        rows = found.page.items.map { MailAddonRow($0, on: asked, presenter) }
        isEmpty = rows.isEmpty
        pager = Pager(found.page, asked.address, presenter)
    }
}

/// One user of the page, with what may be done now (P3–P5).
struct MailAddonRow {
    /// An action that is offered, or refused in words.
    struct Action {
        let label: String
        /// Where a form is sent that acts at once.
        var sendTo: String?
        /// The page that asks before something is done.
        var askAt: String?
        var whyNot: String?
        var isPrimary = false
        /// By which the keyboard's focus is found again after the row was fetched anew.
        let focus: String
    }

    /// How a backup that is at work stands.
    struct Progress {
        let done: Int
        let most: Int
        let progressText: String
        let isKnown: Bool
    }

    let rowID: String
    let isInactiveRow: Bool
    let liveAddress: String?
    let userName: String
    let email: String
    let isOnHold: Bool
    let mailbox: String
    let accountType: String
    let sharing: String
    let lockText: String
    let lockClass: String?
    let lastSync: Moment?
    let syncProblem: String?
    let statusName: String
    let statusClass: String
    let progress: Progress?
    let attemptText: String?
    let restTexts: [String]
    let failureText: String?
    let untilText: String?
    let sourceText: String?
    let countText: String
    let sizeText: String
    let taken: Moment?
    let takenBy: String?
    let covers: String?
    let detailsAddress: String?
    let attemptAddress: String?
    let actions: [Action]
    let others: [Action]
    let othersText: String
    let tickLabel: String

    /// - Parameter list: the list as it was asked for, to which the row's actions lead back.
    init(_ row: MailAddonShape, on list: MailAddonListQuery, _ presenter: Presenter) {
        let wording = presenter.wording
        let address = "\(MailAddonPages.address)/\(row.user.id)"
        rowID = row.user.id
        isInactiveRow = row.user.status != "active"
        userName = row.user.full_name
        isOnHold = row.on_hold ?? false
        email = row.user.email
        mailbox = row.mailbox.address
        accountType = AccountType(rawValue: row.mailbox.account_type)?.displayName ?? row.mailbox.account_type
        sharing = presenter.sharing(row.sharing)
        lockText = presenter.lock(row)
        lockClass = row.locked ? "locked" : nil
        lastSync = presenter.moment(row.last_sync_time)
        syncProblem = presenter.failure(row)
        tickLabel = wording.text(.addonTick, ["user": row.user.full_name])

        // The standing backup is told first; a later attempt that is not completed beside it (B10).
        let attempt = row.last_attempt
        let isPending = attempt?.isPending == true
        liveAddress = isPending ? list.action("\(address)/row") : nil
        let shown = isPending ? attempt : row.backup ?? attempt
        statusClass = shown?.status ?? "none"
        statusName = presenter.backupStatus(shown?.status ?? "none")
        progress = attempt.flatMap { Progress($0, presenter) }
        restTexts = attempt.map { presenter.rest($0) } ?? []
        attemptText =
            row.backup != nil && !isPending
            ? attempt.map { wording.text(.addonAttempt, ["status": presenter.backupStatus($0.status)]) } : nil
        failureText = isPending ? nil : attempt.flatMap { presenter.failure($0) }
        untilText =
            row.backup?.source == "synchronised"
            ? presenter.moment(row.backup?.covered_until).map { wording.text(.stUntil, ["time": $0.shown]) } : nil
        sourceText = row.backup_source.map { presenter.source($0) }
        countText = row.backup.map { presenter.number($0.messages) } ?? ""
        sizeText = row.backup.map { presenter.size($0.bytes) } ?? ""
        taken = presenter.moment(row.backup?.completed_time)
        takenBy = row.backup?.requested_by.name
        covers = row.backup.map { presenter.covers($0) }
        detailsAddress = row.backup.map { "\(BackupPages.address)/\($0.id)" }
        attemptAddress = attempt.map { "\(BackupPages.address)/\($0.id)" }

        let choices = PagePolicy.Action.allCases.compactMap {
            Self.action($0, of: row, at: address, on: list, presenter)
        }
        var offered = choices.filter { $0.whyNot == nil }
        if row.can_cancel == true, let attempt {
            offered.insert(
                Action(
                    label: wording.text(.btnStop),
                    askAt: list.action("\(BackupPages.address)/\(attempt.id)/cancel"),
                    focus: "cancel"
                ),
                at: 0
            )
        }
        // What the row's tab is for is told at the button; what belongs to the other tab, on asking.
        let refused = choices.filter { $0.whyNot != nil }
        let isInactive = isInactiveRow
        let isExpected = { (action: Action) in
            isInactive
                ? action.focus == (row.backup == nil ? "backup" : "latest_backup") && !isPending
                : action.focus == "lock" || action.focus == "unlock"
        }
        actions = offered + refused.filter(isExpected)
        others = refused.filter { !isExpected($0) }
        othersText = wording.text(.addonRefused, ["n": "\(others.count)"])
    }

    private static func action(
        _ action: PagePolicy.Action,
        of row: MailAddonShape,
        at address: String,
        on list: MailAddonListQuery,
        _ presenter: Presenter
    ) -> Action? {
        let isAllowed = row.allowed_actions?.contains(action.rawValue) == true
        let refused = row.refused_actions?.first { $0.action == action.rawValue }
        guard isAllowed || refused != nil else { return nil }
        let label: WordingID
        var made: Action
        let asking = list.action("\(address)/\(action.rawValue)")
        switch action {
        case .lock: label = .btnLock
        case .unlock: label = .btnUnlock
        case .backup: label = .btnBackup
        case .latestBackup: label = .btnLatest
        case .deactivate: label = .btnDeactivate
        case .activate: label = .btnActivate
        case .backupSource:
            made = Action(
                label: presenter.wording.text(.sourceTitle),
                askAt: list.action("\(address)/source"),
                whyNot: refused?.message,
                focus: action.rawValue
            )
            return made
        }
        made = Action(label: presenter.wording.text(label), whyNot: refused?.message, focus: action.rawValue)
        switch action {
        case .lock, .unlock: made.askAt = asking
        case .backup:
            made.sendTo = asking
            made.isPrimary = true
        case .latestBackup:
            made.sendTo = list.action("\(address)/latest")
            made.isPrimary = row.backup != nil
        case .deactivate, .activate:
            made.askAt = list.action("\(UserPages.address)/\(row.user.id)/\(action.rawValue)")
        case .backupSource: break
        }
        return made
    }
}

extension MailAddonRow.Progress {
    /// Nil for a backup that is not at work, or that rests and has not found anything yet.
    init?(_ backup: BackupShape, _ presenter: Presenter) {
        let progress = backup.progress
        guard backup.status == BackupStatus.inProgress.rawValue, backup.rests_until == nil || progress.found > 0 else {
            return nil
        }
        done = progress.stored
        most = max(progress.found, 1)
        isKnown = progress.found > 0
        progressText = presenter.progress(backup)
    }
}
