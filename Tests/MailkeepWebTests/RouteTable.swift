import Foundation
import HTTPTypes
import MailkeepModel

@testable import MailkeepApp

/// Who asks for a page.
enum Person: String, CaseIterable, Sendable {
    /// Nobody who is signed in.
    case visitor
    /// A user who has nothing to do with the records and messages asked for.
    case standard
    /// A user whom one of the records is shared with, and from whom another was withdrawn.
    case associated
    /// The owner of the records and of the mailbox that holds the messages.
    case owner
    case administrator
    /// An administrator who is associated with no record, where administrators are not with every one.
    case withoutRecords
    /// A user who was deactivated while signed in.
    case deactivated
    /// A user whose session has ended.
    case ended

    var isSignedIn: Bool { self != .visitor && self != .deactivated && self != .ended }
}

/// One thing to ask of a route, and what each kind of person is answered.
struct Question: Sendable {
    let address: String
    let form: [String: String]
    private let statuses: [Int]

    /// - Parameter statuses: for a visitor, a standard user, an associated one, the owner and an administrator, and for
    ///   one without records where that is another.
    init(_ address: String, _ form: [String: String] = [:], _ statuses: Int...) {
        self.address = address
        self.form = form
        self.statuses = statuses
    }

    /// The status for a person; a form of a session that has ended is one of no page of ours.
    func status(for person: Person, _ method: HTTPRequest.Method) -> Int? {
        if !person.isSignedIn, person != .visitor, method == .post { return 403 }
        let place = person.isSignedIn ? Person.allCases.firstIndex(of: person) : 0
        return place.flatMap {
            statuses.indices.contains($0) ? statuses[$0] : person == .withoutRecords ? statuses.last : nil
        }
    }
}

extension Question {
    /// Whether what is not there is answered as V1 says.
    var isOfRecord: Bool {
        let (path, isOfUser) = (address.prefix { $0 != "?" }, address.contains("user=") || form["user"] != nil)
        return !path.hasPrefix("/settings") || path.hasPrefix("/settings/holds") && !isOfUser
    }

    /// Whether it asks for a record, a hold or a mail by an id, so that a refusal is in the audit log (V1).
    func isAudited(as line: Line) -> Bool {
        isOfRecord && !address.contains("Nothing")
            && ["{id}", "/mail/{message}", "/holds/"].contains { line.route.contains($0) }
    }
}

/// A route, as the router names it, and what is asked of it.
struct Line: Sendable {
    let method: HTTPRequest.Method
    let route: String
    let questions: [Question]

    init(_ method: HTTPRequest.Method, _ route: String, _ questions: Question...) {
        self.method = method
        self.route = route
        self.questions = questions
    }

    /// Whether an address is one of the route.
    func holds(_ address: String) -> Bool {
        let path = address.prefix { $0 != "?" }.split(separator: "/")
        let parts = route.split(separator: "/")
        return path.count == parts.count && zip(path, parts).allSatisfy { $0 == $1 || $1.hasPrefix("{") }
    }
}

/// An organisation in which every route has something to be asked about, and what it is to answer.
struct RouteTable {
    let firm: Firm
    private let message: MessageID
    private let otherMessage: MessageID
    private let image: String
    private let link: String
    private let foreignLink: String
    private let invitation: String
    private let invited: UserID
    private let backedUp: (user: UserID, backup: BackupID)
    private let waiting: (user: UserID, backup: BackupID)
    private let former: UserID
    private let client: String
    /// On a contact of Ben's, one of them lifted.
    private let (hold, lifted): (HoldID, HoldID)

    /// - Parameter words: what stands in every subject and name of an attachment.
    init(_ firm: Firm, words: String = "") async throws {
        self.firm = firm
        let mail = Mails.whole(from: 1, subject: "Offer \(words)", attachment: "offer \(words).html")
        try await firm.readMail(of: firm.hana, .all, [mail, Mails.plain(from: 2)])
        let messages = try await firm.messages(of: firm.hana)
        (otherMessage, message) = (messages[0], messages[1])
        let source = MessageSource.record(Firm.taro)
        let shown = try await firm.perform(ShowMessage(message, at: source), as: firm.hana)
        image = shown.attachments.first { $0.content_id != nil }?.path ?? ""
        let makeLink = { [message, image] (viewer: UserID) in
            try firm.mailkeep.text(of: ImageLink(viewer: viewer, source: source, message: message, part: image))
        }
        link = try makeLink(firm.hana)
        foreignLink = try makeLink(firm.sota)
        invited = try await firm.add("Invited")
        invitation = try await firm.perform(InviteUser(user: invited), as: firm.ada).token.text
        backedUp = try await firm.leaver("Yamada", [Mails.plain(from: 1, subject: "Old")], isCompleted: true)
        waiting = try await firm.leaver("Mori", [Mails.plain(from: 1, subject: "Older")], isCompleted: false)
        former = try await firm.add("Former")
        try await firm.readMail(of: former, .all, [])
        try await firm.perform(DeactivateUser(user: former), as: firm.ada)
        client = try await firm.perform(CreateClient(name: "Report"), as: firm.hana).client_id
        hold = try await firm.hold(Firm.saburo)
        lifted = try await firm.hold(Firm.saburo)
        try await firm.perform(LiftHold(lifted, reason: "Settled"), as: firm.ben)
    }

    /// Somebody's session, and whether it still goes on.
    func session(of person: Person) async throws -> SecretToken? {
        switch person {
        case .visitor: return nil
        case .standard: return try await firm.session(of: firm.sota)
        case .associated: return try await firm.session(of: firm.kei)
        case .owner: return try await firm.session(of: firm.hana)
        case .administrator: return try await firm.session(of: firm.ada)
        case .withoutRecords:
            try await firm.perform(UpdateOrganization(administratorsSeeRecords: false), as: firm.ben)
            return try await firm.session(of: firm.ada)
        case .deactivated:
            let token = try await firm.session(of: firm.nao)
            try await firm.perform(DeactivateUser(user: firm.nao), as: firm.ada)
            return token
        case .ended:
            let token = try await firm.session(of: firm.kei)
            guard let session = try await firm.mailkeep.session(token) else { return nil }
            try await firm.mailkeep.signOut(session, as: Caller(user: firm.kei, origin: "test"))
            return token
        }
    }

    /// What changes how every later page looks comes first.
    var lines: [Line] {
        personal + clients + open + records + ownMail + users + mailAddonUsers + backups + organization
            + last
    }

    /// Routes for people who need not be signed in.
    private var open: [Line] {
        let absent = SecretToken().text
        return [
            Line(.get, "/healthz", Question("/healthz", [:], 200, 200, 200, 200, 200)),
            // Nobody works on jobs here, and nobody of these comes from this machine.
            Line(.get, "/readyz", Question("/readyz", [:], 503, 503, 503, 503, 503)),
            Line(.get, "/metrics", Question("/metrics", [:], 403, 403, 403, 403, 403)),
            Line(.get, "/assets/mailkeep.css", Question("/assets/mailkeep.css", [:], 200, 200, 200, 200, 200)),
            Line(.get, "/assets/mailkeep.js", Question("/assets/mailkeep.js", [:], 200, 200, 200, 200, 200)),
            Line(.get, "/assets/icon.svg", Question("/assets/icon.svg", [:], 200, 200, 200, 200, 200)),
            Line(.get, "/setup", Question("/setup?token=\(absent)", [:], 404, 404, 404, 404, 404)),
            Line(.post, "/setup", Question("/setup", ["token": absent], 404, 404, 404, 404, 404)),
            Line(.get, "/signin", Question("/signin", [:], 200, 303, 303, 303, 303)),
            Line(
                .post,
                "/signin",
                Question(
                    "/signin",
                    ["email": "ada@sakura.example", "password": Firm.wrongPassword],
                    400,
                    400,
                    400,
                    400,
                    400
                )
            ),
            Line(.post, "/language", Question("/language", ["locale": "en"], 303, 303, 303, 303, 303)),
            Line(
                .get,
                "/invitations/{token}",
                Question("/invitations/\(invitation)", [:], 200, 200, 200, 200, 200),
                Question("/invitations/\(absent)", [:], 400, 400, 400, 400, 400),
                Question("/invitations/x", [:], 400, 400, 400, 400, 400)
            ),
            Line(
                .post,
                "/invitations/{token}",
                Question(
                    "/invitations/\(invitation)",
                    ["password": "one of them", "password_again": "the other"],
                    400,
                    400,
                    400,
                    400,
                    400
                ),
                Question(
                    "/invitations/\(absent)",
                    ["password": Firm.password, "password_again": Firm.password],
                    400,
                    400,
                    400,
                    400,
                    400
                )
            ),
            // An image's address proves for whom it was made, and is asked for without cookies; with another's session
            // it is none.
            Line(
                .get,
                "/inline/{link}",
                Question("/inline/\(link)", [:], 200, 404, 404, 200, 404),
                Question("/inline/\(foreignLink)", [:], 404, 404, 404, 404, 404),
                Question("/inline/\(absent)", [:], 404, 404, 404, 404, 404)
            ),
        ]
    }

    /// What everybody has of their own.
    private var personal: [Line] {
        let own = ["account_type": "mbox", "address": "hana@sakura.example", "sharing": "complete"]
        return [
            Line(.get, "/", Question("/", [:], 303, 303, 303, 303, 303)),
            Line(.get, "/settings", Question("/settings", [:], 303, 200, 200, 200, 200)),
            Line(.get, "/settings/account", Question("/settings/account", [:], 303, 200, 200, 200, 200)),
            Line(
                .post,
                "/settings/account",
                Question("/settings/account", ["name": "Somebody", "locale": "en"], 303, 303, 303, 303, 303),
                Question("/settings/account", ["name": " ", "locale": "en"], 303, 400, 400, 400, 400)
            ),
            Line(
                .post,
                "/settings/account/password",
                Question(
                    "/settings/account/password",
                    ["current": Firm.wrongPassword, "password": Firm.password, "password_again": Firm.password],
                    303,
                    400,
                    400,
                    400,
                    400
                )
            ),
            Line(.get, "/settings/mail-addon", Question("/settings/mail-addon", [:], 303, 200, 200, 200, 200)),
            // The form chooses no file of the server; who has one keeps it.
            Line(.post, "/settings/mail-addon", Question("/settings/mail-addon", own, 303, 400, 400, 303, 400)),
            Line(
                .post,
                "/settings/mail-addon/test",
                Question("/settings/mail-addon/test", own, 303, 400, 400, 200, 400)
            ),
            // Microsoft is not set up in this organisation.
            Line(
                .post,
                "/settings/mail-addon/sign-in/{provider}",
                Question("/settings/mail-addon/sign-in/google", own, 303, 200, 200, 200, 200),
                Question("/settings/mail-addon/sign-in/microsoft", own, 303, 400, 400, 400, 400),
                Question("/settings/mail-addon/sign-in/nobody", own, 303, 404, 404, 404, 404)
            ),
            // What comes back from a provider unasked is told as expired, and changes nothing.
            Line(
                .get,
                "/settings/mail-addon/sign-in/{provider}",
                Question(
                    "/settings/mail-addon/sign-in/google?code=c&state=\(SecretToken().text)",
                    [:],
                    303,
                    303,
                    303,
                    303,
                    303
                ),
                Question("/settings/mail-addon/sign-in/google", [:], 303, 303, 303, 303, 303),
                Question("/settings/mail-addon/sign-in/nobody", [:], 303, 404, 404, 404, 404)
            ),
        ]
    }

    private var records: [Line] {
        let (taro, jiro, saburo) = ("/records/\(Firm.taro)", "/records/\(Firm.jiro)", "/records/\(Firm.saburo)")
        let (absent, none) = ("/records/Contacts/99", "/records/Nothing/1")
        /// Something of a message, wherever a record's page has it.
        let ofMessage = { (end: String) in
            [
                Question("\(taro)/emails/\(message)\(end)", [:], 303, 404, 200, 200, 200, 404),
                Question("\(jiro)/emails/\(otherMessage)\(end)", [:], 303, 404, 404, 200, 200, 404),
                Question("\(jiro)/emails/\(message)\(end)", [:], 303, 404, 404, 404, 404),
                Question("\(saburo)/emails/\(message)\(end)", [:], 303, 404, 404, 404, 404),
                Question("\(taro)/emails/999\(end)", [:], 303, 404, 404, 404, 404),
                Question("\(taro)/emails/x\(end)", [:], 303, 404, 404, 404, 404),
                Question("\(absent)/emails/\(message)\(end)", [:], 303, 404, 404, 404, 404),
                Question("/records/Contacts/x/emails/\(message)\(end)", [:], 303, 404, 404, 404, 404),
                Question("\(none)/emails/\(message)\(end)", [:], 303, 404, 404, 404, 404),
            ]
        }
        let parts = ofMessage("/attachments/\(image)").filter { !$0.address.contains("emails/\(otherMessage)") }
        let htmls = ofMessage("/html").filter { !$0.address.contains("emails/\(otherMessage)") }
        let form = "/records/{module}/{id}/emails/{message}"
        return [
            Line(.get, "/records", Question("/records", [:], 303, 303, 303, 303, 303)),
            Line(
                .get,
                "/records/{module}",
                Question("/records/Contacts?q=a&sort=-name&page=2", [:], 303, 200, 200, 200, 200),
                Question("/records/Deals", [:], 303, 200, 200, 200, 200),
                Question("/records/Nothing", [:], 303, 404, 404, 404, 404)
            ),
            Line(
                .get,
                "/records/{module}/{id}",
                Question(taro, [:], 303, 404, 200, 200, 200, 404),
                Question(jiro, [:], 303, 404, 404, 200, 200, 404),
                Question(saburo, [:], 303, 404, 404, 404, 200, 404),
                Question(absent, [:], 303, 404, 404, 404, 404),
                Question("/records/Contacts/x", [:], 303, 404, 404, 404, 404),
                Question(none, [:], 303, 404, 404, 404, 404)
            ),
            Line(
                .get,
                "/records/{module}/{id}/linking",
                Question("\(taro)/linking", [:], 303, 404, 200, 200, 200, 404),
                Question("\(jiro)/linking", [:], 303, 404, 404, 200, 200, 404),
                Question("\(saburo)/linking", [:], 303, 404, 404, 404, 200, 404),
                Question("\(absent)/linking", [:], 303, 404, 404, 404, 404),
                Question("/records/Contacts/x/linking", [:], 303, 404, 404, 404, 404),
                Question("\(none)/linking", [:], 303, 404, 404, 404, 404)
            ),
            Line(
                .post,
                "/records/{module}/{id}/share",
                Question("\(taro)/share", [:], 303, 404, 303, 303, 303, 404),
                Question("\(jiro)/share", [:], 303, 404, 404, 303, 303, 404),
                Question("\(saburo)/share", [:], 303, 404, 404, 404, 303, 404),
                Question("\(absent)/share", [:], 303, 404, 404, 404, 404),
                Question("/records/Contacts/x/share", [:], 303, 404, 404, 404, 404)
            ),
            Line(
                .post,
                "/records/{module}/{id}/unshare",
                Question("\(taro)/unshare", [:], 303, 404, 303, 303, 303, 404),
                Question("\(saburo)/unshare", [:], 303, 404, 404, 404, 303, 404),
                Question("\(absent)/unshare", [:], 303, 404, 404, 404, 404),
                Question("/records/Contacts/x/unshare", [:], 303, 404, 404, 404, 404)
            ),
            Line(.get, form, ofMessage("")),
            Line(.get, "\(form)/html", htmls),
            Line(.get, "\(form)/raw", ofMessage("/raw")),
            Line(
                .get,
                "\(form)/attachments/{part}",
                parts + [
                    Question("\(taro)/emails/\(message)/attachments/9", [:], 303, 404, 404, 404, 404),
                    Question("\(jiro)/emails/\(otherMessage)/attachments/\(image)", [:], 303, 404, 404, 404, 404),
                ]
            ),
        ]
    }

    /// "My mail": an administrator sees none of another's.
    private var ownMail: [Line] {
        let ofMessage = { (end: String) in
            [
                Question("/mail/\(message)\(end)", [:], 303, 404, 404, 200, 404),
                Question("/mail/999\(end)", [:], 303, 404, 404, 404, 404),
                Question("/mail/x\(end)", [:], 303, 404, 404, 404, 404),
            ]
        }
        return [
            Line(.get, "/mail", Question("/mail?page=1", [:], 303, 200, 200, 200, 200)),
            Line(.get, "/mail/{message}", ofMessage("")),
            Line(.get, "/mail/{message}/html", ofMessage("/html")),
            Line(.get, "/mail/{message}/raw", ofMessage("/raw")),
            Line(.get, "/mail/{message}/attachments/{part}", ofMessage("/attachments/\(image)")),
        ]
    }

    /// What only administrators are answered, for whomever of those who are signed in it is (P1).
    private static func administration(_ address: String, _ form: [String: String] = [:], _ status: Int) -> Question {
        Question(address, form, 303, 403, 403, 403, status)
    }

    /// The same of a record that is Ben's, and so not there for an administrator without records (V1).
    private static func ofRecord(_ address: String, _ form: [String: String] = [:], _ status: Int) -> Question {
        Question(address, form, 303, 403, 403, 403, status, 404)
    }

    /// Asks the same of each user, oneself included, and of one who is not there.
    private func ofUsers(
        _ address: String,
        _ end: String,
        _ form: [String: String] = [:],
        _ status: Int,
        absent: Int = 404
    ) -> [Question] {
        [firm.sota, firm.kei, firm.hana].map { Self.administration("\(address)/\($0)\(end)", form, status) }
            + [
                Self.administration("\(address)/999\(end)", form, absent),
                Self.administration("\(address)/x\(end)", form, absent),
            ]
    }

    private var users: [Line] {
        let users = "/settings/users"
        let query = "?q=a&status=active&profile=standard&sort=-email"
        let new = ["email": "new@sakura.example", "name": "New", "profile": "standard", "locale": "ja"]
        let changed = ["name": "Changed", "profile": "standard", "locale": "en"]
        return [
            Line(.get, users, Self.administration("\(users)\(query)", 200)),
            Line(.get, "\(users)/new", Self.administration("\(users)/new", 200)),
            Line(
                .post,
                "\(users)/new",
                Self.administration("\(users)/new", new, 200),
                Self.administration("\(users)/new", new.merging(["email": "x"]) { $1 }, 400)
            ),
            Line(.get, "\(users)/{user}", ofUsers(users, "", 200)),
            Line(.post, "\(users)/{user}", ofUsers(users, "", changed, 303)),
            Line(.post, "\(users)/{user}/invite", ofUsers(users, "/invite", 200)),
            Line(.get, "\(users)/{user}/deactivate", ofUsers(users, "/deactivate", 200)),
            Line(
                .post,
                "\(users)/{user}/deactivate",
                ofUsers(users, "/deactivate", 303)
                    + [Self.administration("\(users)/\(firm.ada)/deactivate", 403)]
            ),
            Line(.get, "\(users)/{user}/activate", ofUsers(users, "/activate", 200)),
            Line(.post, "\(users)/{user}/activate", ofUsers(users, "/activate", 303)),
        ]
    }

    private var mailAddonUsers: [Line] {
        let page = "/settings/mail-addon-users"
        let query = "?tab=inactive&q=a&sharing=complete&lock=unlocked&type=mbox&backup=completed&sort=-messages"
        let file = ["kind": "file", "path": "\(firm.folder)/\(former).mbox"]
        let several = ["action": "lock", "user": "\(firm.hana)"]
        return [
            Line(.get, page, Self.administration(page, 200), Self.administration("\(page)\(query)", 200)),
            Line(
                .post,
                "\(page)/actions",
                Self.administration("\(page)/actions", several, 303),
                Self.administration("\(page)/actions", ["action": "unlock", "user": "\(firm.sota)"], 303),
                Self.administration("\(page)/actions", ["action": "unlock", "user": "\(firm.kei)"], 303),
                Self.administration("\(page)/actions", ["action": "lock"], 303),
                Self.administration("\(page)/actions", ["action": "nothing", "user": "\(firm.sota)"], 400)
            ),
            Line(.get, "\(page)/linking", Self.administration("\(page)/linking", 200)),
            Line(
                .get,
                "\(page)/{user}/row",
                Self.administration("\(page)/\(firm.hana)/row", 200),
                Self.administration("\(page)/\(firm.sota)/row", 404),
                Self.administration("\(page)/999/row", 404)
            ),
            Line(
                .get,
                "\(page)/{user}/lock",
                Self.administration("\(page)/\(firm.hana)/lock", 200),
                Self.administration("\(page)/\(firm.sota)/lock", 403),
                Self.administration("\(page)/999/lock", 404)
            ),
            Line(.post, "\(page)/{user}/lock", ofUsers(page, "/lock", 303)),
            Line(
                .get,
                "\(page)/{user}/unlock",
                Self.administration("\(page)/\(firm.hana)/unlock", 200),
                Self.administration("\(page)/\(firm.sota)/unlock", 403),
                Self.administration("\(page)/999/unlock", 404)
            ),
            Line(.post, "\(page)/{user}/unlock", ofUsers(page, "/unlock", 303)),
            Line(
                .get,
                "\(page)/{user}/source",
                Self.administration("\(page)/\(former)/source", 200),
                Self.administration("\(page)/\(firm.sota)/source", 403),
                Self.administration("\(page)/999/source", 404)
            ),
            Line(
                .post,
                "\(page)/{user}/source",
                Self.administration("\(page)/\(former)/source", file, 303),
                Self.administration("\(page)/\(former)/source", ["kind": "file"], 400),
                // L9: a backup source is for who is inactive.
                Self.administration("\(page)/\(firm.hana)/source", file, 403),
                Self.administration("\(page)/999/source", file, 404)
            ),
            Line(
                .post,
                "\(page)/{user}/source/upload",
                // A form without a file; what becomes of those with one stands in UploadTests.
                Self.administration("\(page)/\(former)/source/upload", 400),
                Self.administration("\(page)/\(firm.sota)/source/upload", 403),
                Self.administration("\(page)/999/source/upload", 404)
            ),
            Line(
                .post,
                "\(page)/{user}/source/detach",
                Self.administration("\(page)/\(former)/source/detach", 303),
                Self.administration("\(page)/999/source/detach", 404)
            ),
            Line(
                .post,
                "\(page)/{user}/backup",
                ofUsers(page, "/backup", 303) + [Self.administration("\(page)/\(former)/backup", 303)]
            ),
            Line(
                .post,
                "\(page)/{user}/latest",
                ofUsers(page, "/latest", 303) + [Self.administration("\(page)/\(backedUp.user)/latest", 303)]
            ),
        ]
    }

    private var backups: [Line] {
        let backup = "/settings/backups/\(backedUp.backup)"
        let pending = "/settings/backups/\(waiting.backup)"
        let route = "/settings/backups/{backup}"
        let (absent, none) = ("/settings/backups/999", "/settings/backups/x")
        let asked = { (end: String, status: Int, ofPending: Int) in
            [
                Self.administration("\(backup)\(end)", status), Self.administration("\(pending)\(end)", ofPending),
                Self.administration("\(absent)\(end)", 404), Self.administration("\(none)\(end)", 404),
            ]
        }
        return [
            Line(.get, route, asked("", 200, 200)),
            Line(.get, "\(route)/part", asked("/part", 200, 200)),
            Line(.get, "\(route)/manifest", asked("/manifest", 200, 400)),
            Line(
                .get,
                "\(route)/export",
                asked("/export", 200, 400)
                    + [
                        Self.administration("\(backup)/export?format=mbox", 200),
                        Self.administration("\(backup)/export?format=pst", 400),
                    ]
            ),
            Line(.get, "/settings/public-key", Question("/settings/public-key", [:], 303, 200, 200, 200, 200)),
            Line(.post, "\(route)/verify", asked("/verify", 303, 400)),
            Line(.get, "\(route)/cancel", asked("/cancel", 200, 200)),
            Line(.post, "\(route)/cancel", asked("/cancel", 303, 303)),
        ]
    }

    private var organization: [Line] {
        let log = "/settings/audit-log"
        let query = "?since=2026-01-01&until=2030-01-01&outcome=refused&rule=V1&actor=hana@sakura.example&page=2"
        return [
            Line(
                .get,
                log,
                Self.administration(log, 200),
                Self.administration("\(log)\(query)", 200),
                Self.administration("\(log)?actor=nobody&since=x", 200)
            ),
            Line(.post, "\(log)/verify", Self.administration("\(log)/verify", 303)),
            Line(.get, "/settings/organization", Self.administration("/settings/organization", 200)),
        ] + notifications + keeping
    }

    /// Webhooks and mail to administrators.
    private var notifications: [Line] {
        let page = "/settings/notifications"
        let webhook = ["url": "https://192.0.2.1/hook", "event.user.locked": "yes"]
        return [
            Line(.get, page, Self.administration(page, 200)),
            Line(
                .post,
                page,
                Self.administration(page, webhook, 200),
                Self.administration(page, webhook.merging(["url": "ftp://192.0.2.1/"]) { $1 }, 400),
                Self.administration(page, webhook.merging(["url": "https://127.0.0.1/"]) { $1 }, 400)
            ),
            Line(.post, "\(page)/{webhook}/test", Self.administration("\(page)/999/test", 404)),
            Line(.get, "\(page)/{webhook}/remove", Self.administration("\(page)/999/remove", 404)),
            Line(.post, "\(page)/{webhook}/remove", Self.administration("\(page)/999/remove", 404)),
        ]
    }

    /// Programs that use the API: everybody's own, and for administrators all.
    private var clients: [Line] {
        let address = "/settings/clients"
        let scope = ["scope.ZohoCRM.org": "READ"]
        return [
            Line(.get, address, Question(address, [:], 303, 200, 200, 200, 200)),
            Line(
                .post,
                address,
                Question(address, scope.merging(["name": "Report"]) { $1 }, 303, 200, 200, 200, 200),
                Question(address, scope, 303, 400, 400, 400, 400),
                Question(address, ["name": "Report"], 303, 400, 400, 400, 400)
            ),
            Line(
                .get,
                "\(address)/{client}/revoke",
                Question("\(address)/\(client)/revoke", [:], 303, 404, 404, 200, 200),
                Question("\(address)/999/revoke", [:], 303, 404, 404, 404, 404)
            ),
            Line(
                .post,
                "\(address)/{client}/revoke",
                Question("\(address)/\(client)/revoke", [:], 303, 404, 404, 303, 303),
                Question("\(address)/999/revoke", [:], 303, 404, 404, 404, 404)
            ),
            Line(.get, "\(address)/reference", Question("\(address)/reference", [:], 303, 200, 200, 200, 200)),
        ]
    }

    /// Legal holds, retention and erasure.
    private var keeping: [Line] {
        let holds = "/settings/holds"
        let retention = "/settings/retention"
        let erasures = "/settings/erasures"
        let reason = ["reason": "A matter"]
        let nobody = ["address": "nobody@customer.example"]
        return [
            Line(.get, holds, Self.administration(holds, 200)),
            Line(
                .get,
                "\(holds)/new",
                Self.administration("\(holds)/new?user=\(firm.hana)", 200),
                Self.administration("\(holds)/new?backup=\(backedUp.backup)", 200),
                Self.administration("\(holds)/new?backup=\(waiting.backup)", 400),
                Self.administration("\(holds)/new?organization=yes", 200),
                Self.administration("\(holds)/new?user=999", 404),
                Self.ofRecord("\(holds)/new?module=Contacts&id=3", 200),
                Self.administration("\(holds)/new?module=Contacts&id=999", 404),
                Self.administration("\(holds)/new?module=Contacts&id=x", 404),
                Question("\(holds)/new?module=Nothing&id=1", [:], 303, 404, 404, 404, 404)
            ),
            Line(
                .post,
                "\(holds)/new",
                Self.administration("\(holds)/new", reason.merging(["user": "\(firm.kei)"]) { $1 }, 303),
                Self.administration("\(holds)/new", ["user": "\(firm.kei)"], 400),
                Self.administration("\(holds)/new", reason.merging(["user": "999"]) { $1 }, 404),
                Self.ofRecord("\(holds)/new", reason.merging(["module": "Contacts", "id": "3"]) { $1 }, 303),
                Self.administration("\(holds)/new", reason.merging(["module": "Contacts", "id": "x"]) { $1 }, 404)
            ),
            Line(
                .get,
                "\(holds)/{hold}/lift",
                Self.ofRecord("\(holds)/\(hold)/lift", 200),
                Self.ofRecord("\(holds)/\(lifted)/lift", 303),
                Self.administration("\(holds)/999/lift", 404),
                Self.administration("\(holds)/x/lift", 404)
            ),
            Line(
                .post,
                "\(holds)/{hold}/lift",
                Self.ofRecord("\(holds)/\(hold)/lift", 400),
                Self.ofRecord("\(holds)/\(hold)/lift", reason, 303),
                Self.ofRecord("\(holds)/\(hold)/lift", reason, 303),
                Self.administration("\(holds)/999/lift", reason, 404),
                Self.administration("\(holds)/x/lift", reason, 404)
            ),
            Line(.get, retention, Self.administration(retention, 200)),
            Line(
                .get,
                "\(retention)/question",
                Self.administration("\(retention)/question?days=365", 200),
                Self.administration("\(retention)/question?days=", 200),
                Self.administration("\(retention)/question?days=x", 400)
            ),
            Line(
                .post,
                retention,
                Self.administration(retention, ["days": "36500", "confirm": "0"], 303),
                Self.administration(retention, ["days": ""], 303)
            ),
            Line(.get, erasures, Self.administration(erasures, 200)),
            Line(
                .post,
                "\(erasures)/preview",
                Self.administration("\(erasures)/preview", nobody, 200),
                Self.administration("\(erasures)/preview", ["address": "contact3@customer.example"], 200),
                Self.administration("\(erasures)/preview", ["address": "nobody"], 400)
            ),
            Line(
                .post,
                erasures,
                Self.administration(erasures, nobody.merging(reason) { $1 }.merging(["confirm": "0"]) { $1 }, 400)
            ),
        ]
    }

    /// What changes who sees what, and what ends the session.
    private var last: [Line] {
        [
            Line(
                .post,
                "/settings/organization",
                Self.administration("/settings/organization", ["administrators_see": "yes"], 303)
            ), Line(.post, "/signout", Question("/signout", [:], 303, 303, 303, 303, 303)),
        ]
    }
}

extension Line {
    fileprivate init(_ method: HTTPRequest.Method, _ route: String, _ questions: [Question]) {
        self.method = method
        self.route = route
        self.questions = questions
    }
}

extension RouteTable {
    fileprivate static func administration(_ address: String, _ status: Int) -> Question {
        administration(address, [:], status)
    }

    fileprivate static func ofRecord(_ address: String, _ status: Int) -> Question { ofRecord(address, [:], status) }

    fileprivate func ofUsers(_ address: String, _ end: String, _ status: Int) -> [Question] {
        ofUsers(address, end, [:], status)
    }
}
