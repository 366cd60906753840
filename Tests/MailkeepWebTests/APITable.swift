import HTTPTypes
import MailkeepModel

@testable import MailkeepApp
@testable import MailkeepWeb

/// One thing to ask of the API, and what each kind of person is answered.
struct APIQuestion: Sendable {
    let address: String
    let body: String?
    /// For a standard user, one associated with one of the records, the owner, and an administrator, and for one without
    /// records where that is another; everybody else is not known to the API.
    private let statuses: [Int]

    init(_ address: String, _ body: String? = nil, _ statuses: Int...) {
        self.address = address
        self.body = body
        self.statuses = statuses
    }

    func status(for person: Person) -> Int {
        switch person {
        case .standard: statuses[0]
        case .associated: statuses[1]
        case .owner: statuses[2]
        case .administrator: statuses[3]
        case .withoutRecords: statuses[statuses.count - 1]
        case .visitor, .deactivated, .ended: 401
        }
    }
}

/// Every route of the API with what is asked of it: of what is one's own, shared, withdrawn, another's and absent.
///
/// The contact 1 is Hana's and shared with Kei, 2 is Hana's and was shared with Kei until that was taken back, 3 is
/// Ben's, and 999 is none.
struct APITable: Sendable {
    struct Line: Sendable {
        let method: HTTPRequest.Method
        let route: String
        let questions: [APIQuestion]

        init(_ method: HTTPRequest.Method, _ route: String, _ questions: [APIQuestion]) {
            self.method = method
            self.route = route
            self.questions = questions
        }

        init(_ method: HTTPRequest.Method, _ route: String, _ questions: APIQuestion...) {
            self.init(method, route, questions)
        }
    }

    let firm: Firm
    /// Of the contact 1, with an attachment.
    private let message: MessageID
    private let part: String
    private let leaver: UserID
    private let backup: BackupID
    /// A contact that may go.
    private let spare = RecordKey(module: .contacts, id: Identifier(rawValue: 4))

    init(_ firm: Firm) async throws {
        self.firm = firm
        let mail = Mails.whole(from: 1, subject: "Offer", attachment: "offer.html")
        try await firm.readMail(of: firm.hana, .all, [mail, Mails.plain(from: 2)])
        message = try await firm.messages(of: firm.hana)[1]
        let shown = try await firm.perform(ShowMessage(message, at: .record(Firm.taro)), as: firm.hana)
        part = shown.attachments.first?.path ?? ""
        (leaver, backup) = try await firm.leaver("Yamada", [Mails.plain(from: 1, subject: "Old")], isCompleted: true)
        try await firm.record(spare, "Spare", owner: firm.ben)
    }

    /// The access token of somebody.
    func token(of person: Person) async throws -> SecretToken? {
        switch person {
        case .visitor: return nil
        case .standard: return try await firm.accessToken(of: firm.sota).token
        case .associated: return try await firm.accessToken(of: firm.kei).token
        case .owner: return try await firm.accessToken(of: firm.hana).token
        case .administrator: return try await firm.accessToken(of: firm.ada).token
        case .withoutRecords:
            try await firm.perform(UpdateOrganization(administratorsSeeRecords: false), as: firm.ben)
            return try await firm.accessToken(of: firm.ada).token
        case .deactivated:
            let (token, _) = try await firm.accessToken(of: firm.nao)
            try await firm.perform(DeactivateUser(user: firm.nao), as: firm.ada)
            return token
        case .ended:
            let (token, client) = try await firm.accessToken(of: firm.kei)
            try await firm.perform(RevokeClient(client), as: firm.kei)
            return token
        }
    }

    /// What is for administrators.
    private static func administration(_ address: String, _ body: String? = nil, _ status: Int) -> APIQuestion {
        APIQuestion(address, body, 403, 403, 403, status)
    }

    /// The same of a record that is there, but not for an administrator without records (V1).
    private static func ofRecord(_ address: String, _ body: String? = nil, _ status: Int) -> APIQuestion {
        APIQuestion(address, body, 403, 403, 403, status, 404)
    }

    /// Asks the same of each contact; `status` is that of who may open it.
    private static func reading(_ status: Int = 200, _ address: (String) -> String) -> [APIQuestion] {
        [
            APIQuestion(address("1"), nil, 404, status, status, status, 404),
            APIQuestion(address("2"), nil, 404, 404, status, status, 404),
            APIQuestion(address("3"), nil, 404, 404, 404, status, 404),
            APIQuestion(address("999"), nil, 404, 404, 404, 404),
            APIQuestion(address("x"), nil, 404, 404, 404, 404),
        ]
    }

    var lines: [Line] { users + directory + mailAddonUsers + backups + configuration + records + emails }

    private var users: [Line] {
        let own = #"{"users":[{"full_name":"Kei"}]}"#
        return [
            Line(
                .get,
                "/users",
                Self.administration("/users", 200),
                APIQuestion("/users?type=CurrentUser", nil, 200, 200, 200, 200)
            ),
            Line(
                .post,
                "/users",
                Self.administration("/users", #"{"users":[{"email":"neu@sakura.example","last_name":"Neu"}]}"#, 201)
            ),
            Line(
                .put,
                "/users",
                APIQuestion("/users", #"{"users":[{"id":"\#(firm.kei)","full_name":"Kei"}]}"#, 403, 200, 403, 200),
                Self.administration("/users", #"{"users":[{"id":"\#(firm.sota)","profile":"Administrator"}]}"#, 200),
                Self.administration("/users", #"{"users":[{"id":"999","full_name":"X"}]}"#, 404)
            ),
            Line(.get, "/users/actions/count", Self.administration("/users/actions/count", 200)),
            Line(
                .get,
                "/users/{id}",
                APIQuestion("/users/\(firm.kei)", nil, 403, 200, 403, 200),
                Self.administration("/users/999", 404)
            ),
            Line(
                .put,
                "/users/{id}",
                APIQuestion("/users/\(firm.kei)", own, 403, 200, 403, 200),
                Self.administration("/users/\(firm.kei)", #"{"users":[{"status":"active"}]}"#, 200),
                Self.administration("/users/999", own, 404)
            ),
        ]
    }

    private var directory: [Line] {
        [
            Line(.get, "/org", APIQuestion("/org", nil, 200, 200, 200, 200)),
            Line(.get, "/settings/roles", Self.administration("/settings/roles", 204)),
            Line(.get, "/settings/roles/{id}", Self.administration("/settings/roles/999", 404)),
            Line(.get, "/settings/profiles", Self.administration("/settings/profiles", 200)),
            Line(
                .get,
                "/settings/profiles/{id}",
                Self.administration("/settings/profiles/1", 200),
                Self.administration("/settings/profiles/999", 404)
            ),
            Line(.get, "/settings/modules", APIQuestion("/settings/modules", nil, 200, 200, 200, 200)),
            Line(.get, "/settings/modules/{module}", APIQuestion("/settings/modules/Deals", nil, 200, 200, 200, 200)),
            Line(
                .get,
                "/settings/fields",
                APIQuestion("/settings/fields?module=Contacts", nil, 200, 200, 200, 200),
                APIQuestion("/settings/fields", nil, 400, 400, 400, 400)
            ),
            Line(.get, "/settings/audit_log", Self.administration("/settings/audit_log", 200)),
        ]
    }

    private var mailAddonUsers: [Line] {
        let path = "/settings/mail_addon/users"
        let source = #"{"username":"master","password":"secret"}"#
        return [
            Line(.get, path, Self.administration(path, 200), Self.administration("\(path)?type=inactive", 200)),
            Line(
                .get,
                "\(path)/{id}",
                Self.administration("\(path)/\(firm.hana)", 200),
                Self.administration("\(path)/999", 404)
            ),
            Line(
                .post,
                "\(path)/{id}/actions/lock",
                Self.administration("\(path)/\(firm.hana)/actions/lock", 200),
                Self.administration("\(path)/\(firm.kei)/actions/lock", 400),
                Self.administration("\(path)/999/actions/lock", 404)
            ),
            Line(
                .post,
                "\(path)/{id}/actions/unlock",
                Self.administration("\(path)/\(firm.hana)/actions/unlock", 200),
                Self.administration("\(path)/999/actions/unlock", 404)
            ),
            Line(
                .post,
                "\(path)/{id}/actions/backup",
                Self.administration("\(path)/\(firm.hana)/actions/backup", 400),
                Self.administration("\(path)/\(leaver)/actions/backup", 400),
                Self.administration("\(path)/999/actions/backup", 404)
            ),
            Line(
                .post,
                "/settings/mail_addon/actions/latest_backup",
                Self.administration("/settings/mail_addon/actions/latest_backup", #"{"ids":["\#(firm.hana)"]}"#, 400),
                Self.administration("/settings/mail_addon/actions/latest_backup", #"{"ids":["999"]}"#, 404),
                Self.administration("/settings/mail_addon/actions/latest_backup", #"{"ids":["\#(leaver)"]}"#, 201)
            ),
            Line(
                .put,
                "\(path)/{id}/backup_source",
                Self.administration("\(path)/\(firm.hana)/backup_source", source, 400),
                Self.administration("\(path)/999/backup_source", source, 404)
            ),
            Line(
                .delete,
                "\(path)/{id}/backup_source",
                Self.administration("\(path)/\(leaver)/backup_source", 200),
                Self.administration("\(path)/999/backup_source", 404)
            ),
        ]
    }

    private var backups: [Line] {
        let path = "/settings/mail_addon/backups"
        let ofBackups = { (method: HTTPRequest.Method, end: String, status: Int) in
            Line(
                method,
                "\(path)/{id}\(end)",
                Self.administration("\(path)/\(backup)\(end)", status),
                Self.administration("\(path)/999\(end)", 404)
            )
        }
        return [
            Line(.get, path, Self.administration(path, 200)), ofBackups(.get, "", 200),
            ofBackups(.get, "/manifest", 200),
            ofBackups(.post, "/actions/verify", 200), ofBackups(.post, "/actions/cancel", 400),
            ofBackups(.get, "/export", 200),
        ]
    }

    /// One's own: Hana alone has settings.
    private var configuration: [Line] {
        let path = "/settings/mail_addon/configuration"
        let unchanged = #"{"mailbox":{"account_type":"mbox","address":"hana@sakura.example"},"sharing":"complete"}"#
        // Administrators alone choose files of the server, and those only from where the server may read.
        let file =
            #"{"mailbox":{"account_type":"mbox","address":"x@sakura.example","path":"/etc/x.mbox"},"sharing":"complete"}"#
        return [
            Line(.get, path, APIQuestion(path, nil, 204, 204, 200, 204)),
            Line(
                .put,
                path,
                APIQuestion(path, unchanged, 400, 400, 200, 400),
                APIQuestion(path, file, 403, 403, 403, 400),
                APIQuestion(path, "{}", 400, 400, 400, 400)
            ),
            Line(
                .post,
                "\(path)/actions/test",
                APIQuestion("\(path)/actions/test", nil, 400, 400, 200, 400),
                APIQuestion("\(path)/actions/test", file, 403, 403, 403, 400)
            ),
        ]
    }

    private var records: [Line] {
        let same = #"{"data":[{"Full_Name":"Taro"}]}"#
        let of = { (id: String, more: String) in #"{"data":[{"id":"\#(id)","Full_Name":"Taro"\#(more)}]}"# }
        return [
            Line(
                .get,
                "/{module}",
                APIQuestion("/Contacts", nil, 204, 200, 200, 200, 204),
                APIQuestion("/Leads", nil, 204, 204, 204, 204)
            ),
            Line(
                .get,
                "/{module}/search",
                APIQuestion("/Contacts/search?email=contact1@customer.example", nil, 204, 200, 200, 200, 204),
                APIQuestion("/Contacts/search?email=contact2@customer.example", nil, 204, 204, 200, 200, 204),
                APIQuestion("/Contacts/search?word=saburo", nil, 204, 204, 204, 200, 204),
                APIQuestion("/Contacts/search?word=nobody", nil, 204, 204, 204, 204)
            ),
            Line(.get, "/{module}/deleted", Self.administration("/Contacts/deleted", 204)),
            Line(.get, "/{module}/{id}", Self.reading { "/Contacts/\($0)" }),
            Line(
                .post,
                "/{module}",
                Self.administration("/Contacts", #"{"data":[{"Last_Name":"New"}]}"#, 201),
                Self.administration("/Contacts", #"{"data":[{"Last_Name":"New","Owner":"999"}]}"#, 400),
                Self.administration("/Contacts", #"{"data":[{"Last_Name":"New","Account_Name":{"id":"999"}}]}"#, 400),
                Self.administration("/Contacts", #"{"data":[{"Last_Name":"New","Shared_With":[{"id":"999"}]}]}"#, 400)
            ),
            Line(
                .post,
                "/{module}/upsert",
                Self.administration(
                    "/Contacts/upsert",
                    #"{"data":[{"Last_Name":"Up","Email":"up@customer.example"}]}"#,
                    201
                ),
                Self.administration("/Contacts/upsert", of("999", ""), 404)
            ),
            Line(
                .put,
                "/{module}",
                Self.ofRecord("/Contacts", of("1", ""), 200),
                Self.ofRecord("/Contacts", of("1", #","Owner":{"id":"999"}"#), 400),
                Self.administration("/Contacts", of("999", ""), 404)
            ),
            Line(
                .put,
                "/{module}/{id}",
                Self.ofRecord("/Contacts/1", same, 200),
                Self.ofRecord("/Contacts/3", #"{"data":[{"Full_Name":"Saburo"}]}"#, 200),
                Self.administration("/Contacts/999", same, 404)
            ),
            Line(
                .delete,
                "/{module}",
                Self.administration("/Contacts?ids=999", 404),
                Self.ofRecord("/Contacts?ids=\(spare.id)", 200)
            ),
            Line(.delete, "/{module}/{id}", Self.administration("/Contacts/999", 404)),
        ]
    }

    private var emails: [Line] {
        let file = { (record: String) in "Contacts-\(record)-\(message)-\(part)" }
        // The message stands on the contact 1 alone.
        let ofMessage = { (address: (String) -> String) in
            [
                APIQuestion(address("1"), nil, 404, 200, 200, 200, 404),
                APIQuestion(address("2"), nil, 404, 404, 404, 404),
                APIQuestion(address("3"), nil, 404, 404, 404, 404),
                APIQuestion(address("999"), nil, 404, 404, 404, 404),
            ]
        }
        var list = Self.reading { "/Contacts/\($0)/Emails" }
        list[2] = APIQuestion("/Contacts/3/Emails", nil, 404, 404, 404, 204, 404)
        return [
            Line(.get, "/{module}/{id}/Emails", list),
            Line(.get, "/{module}/{id}/Emails/{message}", ofMessage { "/Contacts/\($0)/Emails/\(message)" }),
            Line(
                .get,
                "/{module}/{id}/__emails_sharing_details",
                Self.reading { "/Contacts/\($0)/__emails_sharing_details" }
            ),
            Line(
                .get,
                "/files",
                ofMessage { "/files?id=\(file($0))" } + [APIQuestion("/files", nil, 400, 400, 400, 400)]
            ),
            Line(
                .get,
                "/{module}/{id}/Emails/actions/download_attachments",
                ofMessage { "/Contacts/\($0)/Emails/actions/download_attachments?id=\(file($0))" }
                    + [
                        // A file of another record than that of the path.
                        APIQuestion(
                            "/Contacts/2/Emails/actions/download_attachments?id=\(file("1"))",
                            nil,
                            404,
                            404,
                            404,
                            404
                        )
                    ]
            ),
            Line(
                .get,
                "/{module}/{id}/Emails/actions/download_inline_images",
                ofMessage { "/Contacts/\($0)/Emails/actions/download_inline_images?id=\(file($0))" }
            ),
            Line(.post, "/{module}/{id}/actions/share_emails", Self.reading { "/Contacts/\($0)/actions/share_emails" }),
            Line(
                .post,
                "/{module}/{id}/actions/unshare_emails",
                Self.reading { "/Contacts/\($0)/actions/unshare_emails" }
            ),
            Line(.post, "/{module}/actions/share_emails", Self.ids("/Contacts/actions/share_emails")),
            Line(.post, "/{module}/actions/unshare_emails", Self.ids("/Contacts/actions/unshare_emails")),
        ]
    }

    /// Ids in a body are checked like ids in a path.
    private static func ids(_ address: String) -> [APIQuestion] {
        [
            APIQuestion(address, #"{"ids":["1"]}"#, 404, 200, 200, 200, 404),
            APIQuestion(address, #"{"ids":["2"]}"#, 404, 404, 200, 200, 404),
            APIQuestion(address, #"{"ids":["3"]}"#, 404, 404, 404, 200, 404),
            APIQuestion(address, #"{"ids":["999"]}"#, 404, 404, 404, 404),
        ]
    }
}

extension APITable {
    fileprivate static func administration(_ address: String, _ status: Int) -> APIQuestion {
        administration(address, nil, status)
    }

    fileprivate static func ofRecord(_ address: String, _ status: Int) -> APIQuestion { ofRecord(address, nil, status) }
}

extension Firm {
    /// Makes a client that may do whatever a user may, and an access token of it.
    func accessToken(of user: UserID) async throws -> (token: SecretToken, client: ClientID) {
        let secrets = try await perform(CreateClient(name: "Test"), as: user)
        let token = try await mailkeep.refresh(
            RefreshRequest(
                clientID: secrets.client_id,
                clientSecret: secrets.client_secret,
                refreshToken: secrets.refresh_token,
                address: "127.0.0.1"
            )
        )
        return (token, ClientID(secrets.client_id) ?? ClientID(rawValue: 0))
    }
}
