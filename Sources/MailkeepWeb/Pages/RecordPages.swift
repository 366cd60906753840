import Hummingbird
import MailkeepApp
import MailkeepModel

/// Records: lists by module, and a record with its mail.
struct RecordPages {
    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/records") { _, _ in Response.redirect(to: "/records/Contacts", type: .normal) }
        router.get("/records/{module}") { _, context in
            try await list(context.visit.query, for: context)
        }
        router.get("/records/{module}/{id}") { _, context in
            try await record(context.visit.query, for: context)
        }
        router.get("/records/{module}/{id}/linking") { _, context in
            let key = try Self.key(context)
            let linking = try await site.mailkeep.perform(ShowRecordLinking(record: key), as: context.caller)
            return try site.render(LinkingPart(linking, at: Self.address(key), Presenter(context)), for: context)
        }
        router.post("/records/{module}/{id}/share") { _, context in try await share(true, for: context) }
        router.post("/records/{module}/{id}/unshare") { _, context in try await share(false, for: context) }
    }

    /// The record that an address names.
    static func key(_ context: SignedInContext) throws -> RecordKey {
        RecordKey(module: try module(context), id: Identifier(orNone: context.parameters.get("id")))
    }

    /// The module that an address names; with none it is no page's.
    private static func module(_ context: SignedInContext) throws -> Module {
        guard let module = context.parameters.get("module").flatMap({ Module(rawValue: $0) }) else {
            throw HTTPError(.notFound)
        }
        return module
    }

    static func address(_ key: RecordKey) -> String { "/records/\(key)" }

    // MARK: Lists

    private func list(_ form: FormData, for context: SignedInContext) async throws -> Response {
        let module = try Self.module(context)
        let query = RecordQuery(
            module: module,
            search: form.text("q") ?? "",
            sorting: Sorting(form["sort"]) ?? Sorting(by: .name),
            page: PageRequest(form["page"].flatMap { Int($0) } ?? 1)
        )
        let page = try await site.mailkeep.perform(FindRecords(query), as: context.caller)
        let presenter = Presenter(context)
        let content = RecordListPage(page, query, presenter)
        return try await site.render(.records, title: presenter.module(module), content, for: context)
    }

    // MARK: One record

    private func record(_ form: FormData, for context: SignedInContext) async throws -> Response {
        let key = try Self.key(context)
        let record = try await site.mailkeep.perform(ShowRecord(record: key), as: context.caller)
        let asked = PageRequest(form["page"].flatMap { Int($0) } ?? 1)
        let action = ListRecordEmails(record: key, page: asked)
        let emails = try await site.mailkeep.perform(action, as: context.caller)
        let content = RecordPage(record, emails, at: Self.address(key), Presenter(context))
        return try await site.render(.record, title: record.name, content, for: context)
    }

    private func share(_ isShared: Bool, for context: SignedInContext) async throws -> Response {
        let key = try Self.key(context)
        let wording = Presenter(context).wording
        var notice = Notice(text: wording.text(isShared ? .okShare : .okUnshare))
        do {
            let action = ShareEmails(owner: context.user.id, record: key, isShared: isShared)
            _ = try await site.mailkeep.perform(action, as: context.caller)
        } catch let error as Refusal where error.rule == .l2 {
            notice = Notice(text: wording.refusal(error), isProblem: true)
        }
        return try await site.redirect(to: Self.address(key), telling: notice, in: context)
    }
}

private struct RecordListPage {
    struct Tab {
        let tabAddress: String
        let tabName: String
        let isCurrent: Bool
    }

    struct Row {
        let recordAddress: String
        let recordName: String
        let addresses: [String]
        let ownerName: String
        let linked: RecordLink?
        let modified: Moment?
    }

    let tabs: [Tab]
    let path: String
    let search: String
    let nameColumn: SortableColumn
    let modifiedColumn: SortableColumn
    let hasAddresses: Bool
    let rows: [Row]
    let isEmpty: Bool
    let pager: Pager

    init(_ page: Page<ListedRecordShape>, _ query: RecordQuery, _ presenter: Presenter) {
        var address = PageAddress("/records/\(query.module.rawValue)")
        path = address.path
        address.add("q", query.search)
        if query.sorting != Sorting(by: .name) {
            address.add("sort", (query.sorting.isDescending ? "-" : "") + query.sorting.key.rawValue)
        }
        tabs = [Module.contacts, .accounts, .leads, .deals].map {
            Tab(
                tabAddress: "/records/\($0.rawValue)",
                tabName: presenter.module($0),
                isCurrent: $0 == query.module
            )
        }
        search = query.search
        nameColumn = SortableColumn(presenter.wording.text(.recordName), .name, in: query.sorting, address)
        modifiedColumn = SortableColumn(presenter.wording.text(.recordModified), .modified, in: query.sorting, address)
        hasAddresses = query.module.matchesAddresses
        rows = page.items.map { record in
            Row(
                recordAddress: "/records/\(record.module)/\(record.id)",
                recordName: record.name,
                addresses: record.addresses,
                ownerName: record.owner.name,
                linked: (record.account ?? record.contact).map { RecordLink($0) },
                modified: presenter.moment(record.modified_time)
            )
        }
        isEmpty = rows.isEmpty
        pager = Pager(page, address, presenter)
    }
}

/// A record by its name.
struct RecordLink {
    let linkAddress: String
    let linkName: String

    init(_ record: RecordReference) {
        linkAddress = "/records/\(record.module)/\(record.id)"
        linkName = record.name
    }
}

private struct RecordPage {
    struct Field {
        let fieldName: String
        let fieldValue: String
    }

    let moduleName: String
    let moduleAddress: String
    let recordName: String
    let recordAddress: String
    let ownerName: String
    let ownerIsInactive: Bool
    let addresses: [String]
    let account: RecordLink?
    let contact: RecordLink?
    let contacts: [RecordLink]
    let deals: [RecordLink]
    let hasMoreContacts: Bool
    let hasMoreDeals: Bool
    let fields: [Field]
    let sharedWith: String?
    let openedBy: [String]
    let isShared: Bool
    let isNotShared: Bool
    let unshareRefusal: String?
    let linking: LinkingPart?
    let holdPart: HoldPart?
    let mails: [MailLine]
    let hasNoMail: Bool
    let pager: Pager

    init(_ record: RecordShape, _ emails: Page<EmailShape>, at address: String, _ presenter: Presenter) {
        moduleName = Module(rawValue: record.module).map { presenter.module($0) } ?? record.module
        moduleAddress = "/records/\(record.module)"
        recordName = record.name
        recordAddress = address
        ownerName = record.owner.name
        ownerIsInactive = !record.owner_active
        addresses = record.addresses
        account = record.account.map { RecordLink($0) }
        contact = record.contact.map { RecordLink($0) }
        contacts = record.contacts.map { RecordLink($0) }
        deals = record.deals.map { RecordLink($0) }
        hasMoreContacts = record.more_contacts
        hasMoreDeals = record.more_deals
        fields = record.fields.sorted { $0.key < $1.key }.map { Field(fieldName: $0.key, fieldValue: $0.value) }
        sharedWith =
            record.shared_with.isEmpty
            ? nil : record.shared_with.map(\.name).joined(separator: presenter.locale == .japanese ? "、" : ", ")
        openedBy = record.opened_by.map { presenter.association($0) }
        isShared = record.own_share.state == "shared"
        isNotShared = record.own_share.state == "not_shared"
        unshareRefusal = record.own_share.refused?.message
        let key = Module(rawValue: record.module).flatMap { module in
            Identifier<RecordKey>(record.id).map { RecordKey(module: module, id: $0) }
        }
        holdPart = key.flatMap { key in record.holds.map { HoldPart($0, on: .record(key), presenter) } }
        linking = record.linking.isPending ? LinkingPart(record.linking, at: address, presenter) : nil
        mails = emails.items.map { MailLine($0, at: "\(address)/emails", presenter) }
        hasNoMail = mails.isEmpty
        pager = Pager(emails, PageAddress(address), presenter)
    }
}

extension Presenter {
    /// A module's name.
    func module(_ module: Module) -> String { wording.text(key: "module.\(module.rawValue.lowercased())") }

    /// Why somebody may open a record.
    func association(_ ground: String) -> String { wording.text(key: "opened.\(ground)") }
}
