import Foundation
import Logging
import MailkeepModel
import MailkeepStore
import MailkeepSync
import TestSupport

@testable import MailkeepApp

/// An organisation in a data directory of its own, removed when the value goes.
///
/// Ada is its administrator. Hana's mailbox is a file, and the contact Taro her record; it is shared with Kei. Sota has
/// nothing to do with it.
final class Office: Sendable {
    static let contact = RecordKey(module: .contacts, id: Identifier(rawValue: 1))
    static let customer = "taro@customer.example"

    let mailkeep: Mailkeep
    let ada: UserID
    let hana: UserID
    let kei: UserID
    let sota: UserID
    private let folder: String

    /// Where Hana's mail is read from.
    var mailbox: String { folder + "/mail.mbox" }

    /// - Parameter hasOwnKeys: whether its keys are those of no other office.
    init(uploadLimit: Int64? = nil, hasOwnKeys: Bool = false) async throws {
        folder = NSTemporaryDirectory() + "office-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let path = folder + "/data"
        if hasOwnKeys {
            try await Self.found(in: path)
        } else {
            try await FileManager.default.copyItem(atPath: Self.founded.value, toPath: path)
        }
        mailkeep = try await Mailkeep.open(
            DataDirectory.open(at: path),
            permissions: Mailkeep.Permissions(
                paths: [folder],
                uploadLimit: uploadLimit ?? Mailkeep.Permissions.usualUploadLimit
            ),
            logger: logger
        )
        ada = try await mailkeep.user(email: "ada@sakura.example").id
        let administrator = Caller(user: ada, origin: "test")
        let add = { [mailkeep] (name: String) in
            let action = AddUser(email: "\(name.lowercased())@sakura.example", name: name)
            _ = try await mailkeep.perform(action, as: administrator)
            return try await mailkeep.user(email: action.email).id
        }
        (hana, kei, sota) = try await (add("Hana"), add("Kei"), add("Sota"))
        let address = RecordAddress(address: Self.customer, hash: mailkeep.addressHash(Self.customer))
        let record = Record(
            key: Self.contact,
            owner: hana,
            name: "Taro",
            addresses: [address],
            sharedWith: [kei],
            fields: ["Phone": "03"]
        )
        try await mailkeep.store.write { try $0.upsertRecord(record, at: Timestamp.now()) }
    }

    /// The data directory of the organisation, which is copied and opened anew, with what may be read from this machine:
    /// hashing a password takes seconds in a program that is not optimised.
    private static let founded = Task {
        let folder = NSTemporaryDirectory() + "office-\(UUID().uuidString)"
        TemporaryFolders.removeAtExit(folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await found(in: folder + "/data")
        return folder + "/data"
    }

    private static func found(in path: String) async throws {
        let organization = NewOrganization(
            name: "Sakura",
            administratorEmail: "ada@sakura.example",
            administratorName: "Ada",
            locale: .english,
            password: "korrekt Pferd 74-Batterie"
        )
        let mailkeep = try await Mailkeep.prepare(
            DataDirectory.create(at: path),
            permissions: Mailkeep.Permissions(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await mailkeep.setUp(organization, origin: "test")
        try mailkeep.close()
    }

    deinit {
        try? mailkeep.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func perform<Action: UseCase>(_ action: Action, as user: UserID) async throws -> Action.Output {
        defer { withExtendedLifetime(self) {} }
        return try await mailkeep.perform(action, as: Caller(user: user, origin: "test", isOfMachine: true))
    }

    /// Hana's settings, as they are to be saved.
    func settings(_ sharing: SharingSetting, at address: String = "hana@sakura.example") -> MailAddonInput {
        var input = MailAddonInput(accountType: .mbox, address: address, sharing: sharing)
        input.path = mailbox
        return input
    }

    /// Saves Hana's settings, and reads these mails out of her mailbox.
    func readMail(_ sharing: SharingSetting, _ mails: [String]) async throws {
        let text = mails.map { "From - Thu Jan  1 00:00:00 2026\n\($0)\n\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: mailbox))
        _ = try await perform(SaveMailAddonSettings(user: hana, input: settings(sharing)), as: hana)
        let job = try await perform(SynchroniseMailbox(user: hana), as: hana)
        _ = try await mailkeep.jobs.runNext(only: job, logger: mailkeep.logger)
    }

    /// The last entry of the audit log.
    func lastEntry() async throws -> AuditEntry? {
        try await mailkeep.store.read { try $0.auditEntries(AuditQuery(page: PageRequest(size: 1))).items.first }
    }
}
