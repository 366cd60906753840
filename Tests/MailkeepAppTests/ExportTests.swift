import Crypto
import Foundation
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Synchronization
import TestSupport
import Testing

@testable import MailkeepApp

@Suite("Exports")
struct ExportTests {
    @Test("Every byte of every mail is there, and proved, in both forms", arguments: ExportFormat.allCases)
    func roundTrip(format: ExportFormat) async throws {
        let desk = try await ExportDesk()
        let backup = try await desk.backUp(HostileMail.all)
        let file = try await desk.export(.backup(backup), as: format)
        let result = try await desk.verify(file)
        #expect(result.whole && result.fault == nil)
        #expect(result.messages == HostileMail.all.count && result.not_included == 0)
        #expect(result.bytes == HostileMail.all.map { Int64($0.count) }.reduce(0, +))
        #expect(result.kind == "backup" && result.backup_id == "\(backup)" && result.organization == "Sakura")
        #expect(result.exported_by == "ada@sakura.example" && result.of == "hana@sakura.example")
        #expect(try await desk.mails(in: file) == Set(HostileMail.all))
        let last = try #require(try await desk.office.lastEntry())
        #expect(last.action == "backup.exported" && last.details["messages"] == "\(HostileMail.all.count)")
    }

    @Test(
        "What a record's page and one's own mailbox show can be taken out and proved",
        arguments: ExportFormat.allCases
    )
    func otherSubjects(format: ExportFormat) async throws {
        let desk = try await ExportDesk()
        try await desk.readMail(HostileMail.all, .recordLevel)
        let (office, record) = (desk.office, Office.contact)
        // Kei opens the record, and sees nothing of what Hana did not share.
        let none = try await desk.verify(desk.export(.record(record), as: format, by: office.kei))
        #expect(none.whole && none.messages == 0)
        _ = try await office.perform(ShareEmails(owner: office.hana, record: record, isShared: true), as: office.hana)
        for viewer in [office.kei, office.hana] {
            let file = try await desk.export(.record(record), as: format, by: viewer)
            let result = try await desk.verify(file)
            #expect(result.whole && result.kind == "record" && result.of == "Contacts 1" && result.not_included == nil)
            #expect(try await desk.mails(in: file) == Set(HostileMail.all))
        }
        let own = try await desk.export(.ownMail(of: office.hana), as: format, by: office.hana)
        let result = try await desk.verify(own)
        #expect(result.whole && result.kind == "mailbox" && result.of == "hana@sakura.example")
        #expect(try await desk.mails(in: own) == Set(HostileMail.all))
        for (subject, person) in [
            (ExportSubject.record(record), office.sota), (.ownMail(of: office.hana), office.ada),
            (.ownMail(of: office.hana), office.kei),
            (.record(.init(module: .leads, id: .init(rawValue: 9))), office.ada),
        ] {
            await #expect(throws: Refusal(.v1)) { _ = try await desk.export(subject, as: format, by: person) }
            let entry = try #require(try await office.lastEntry())
            #expect(entry.outcome == .refused && entry.rule == "V1" && entry.action.hasSuffix("emails.export"))
        }
    }

    @Test("What the administrator may not view is withheld, and told as not included", arguments: ExportFormat.allCases)
    func withheld(format: ExportFormat) async throws {
        let desk = try await ExportDesk()
        let backup = try await desk.backUp(Array(HostileMail.all.prefix(3)))
        let hidden = UpdateOrganization(administratorsSeeRecords: false)
        _ = try await desk.office.perform(hidden, as: desk.office.ada)
        let file = try await desk.export(.backup(backup), as: format)
        let result = try await desk.verify(file)
        #expect(result.whole && result.messages == 0 && result.not_included == 3)
        #expect(try await desk.mails(in: file).isEmpty)
        #expect(try await desk.office.lastEntry()?.details["withheld"] == "3")
        await #expect(throws: Refusal(.p1)) {
            _ = try await desk.export(.backup(backup), as: format, by: desk.office.kei)
        }
    }

    @Test("A mail of 30 MB without an end of its last line is there to the byte", arguments: ExportFormat.allCases)
    func largeMail(format: ExportFormat) async throws {
        let desk = try await ExportDesk()
        let line = String(repeating: "QUJD", count: 19) + "\r\n>From me\r\n"
        let mail = HostileMail.mail(String(repeating: line, count: 30_000_000 / line.utf8.count) + "no end")
        let file = try await desk.export(.backup(desk.backUp([mail])), as: format)
        #expect(try await desk.verify(file).whole)
        #expect(try await desk.mails(in: file) == [mail])
    }

    @Test("Who loses access while mail is taken out is refused in the middle of it", arguments: ExportFormat.allCases)
    func withdrawn(format: ExportFormat) async throws {
        let desk = try await ExportDesk()
        try await desk.readMail(HostileMail.all, .all)
        let (office, record) = (desk.office, Office.contact)
        let begun = Mutex(false)
        let action = ExportMail(.record(record), as: format) { _ in
            begun.withLock { $0 = true }
            let withdrawn = Record(
                key: record,
                owner: office.hana,
                name: "Taro",
                addresses: [],
                sharedWith: [],
                fields: [:]
            )
            try await office.mailkeep.store.write { try $0.upsertRecord(withdrawn, at: Timestamp.now()) }
        }
        await #expect(throws: Refusal(.v1)) { _ = try await office.perform(action, as: office.kei) }
        #expect(begun.withLock { $0 })
        let entry = try #require(try await office.lastEntry())
        #expect(entry.action == "emails.export" && entry.outcome == .refused)
    }

    @Test("Another key proves nothing, and a file that holds no key is refused")
    func otherKey() async throws {
        let desk = try await ExportDesk()
        let file = try await desk.export(.ownMail(of: desk.office.hana), as: .mbox, by: desk.office.hana)
        let other = try await ExportDesk(hasOwnKeys: true)
        let result = try await ExportVerifier(path: file, keys: other.key()).verify()
        #expect(!result.whole && result.fault == .signature && result.kind == nil)
        #expect(
            try await ExportVerifier(path: file, keys: "# old\n\(other.key())\n# new\n\(desk.key())").verify().whole
        )
        for text in ["", "x", desk.key().replacing("M", with: "N"), desk.key().replacing("PUBLIC", with: "PRIVATE")] {
            #expect(throws: AppError(.exportKey)) { try ExportVerifier(path: file, keys: text) }
        }
    }

    @Test("Damaged, foreign and lost mails of a zip file are each named")
    func tamperedZip() async throws {
        let desk = try await ExportDesk()
        let backup = try await desk.backUp(HostileMail.all)
        let files = try await desk.unpack(desk.export(.backup(backup), as: .emlZip))
        let names = files.keys.filter { $0.hasSuffix(".eml") }.sorted()
        let list = try #require(files["export.json"])

        var altered = files
        altered[names[0]] = Data("Subject: other\r\n".utf8)
        altered[names[1]]?.append(0)
        altered[names[2]] = nil
        altered["mail/planted.eml"] = files[names[3]]
        altered["../../escape.eml"] = Data()
        let result = try await desk.verify(desk.pack(altered))
        #expect(!result.whole && result.fault == nil && result.messages == names.count - 3)
        #expect(Set(result.damaged.names) == [names[0], names[1]] && result.missing.names == [names[2]])
        #expect(Set(result.foreign.names) == ["mail/planted.eml", "../../escape.eml"])
        #expect(result.not_included == 3)

        // A list or manifest with one byte changed, of another export, or gone.
        func fault(_ change: (inout [String: Data]) -> Void) async throws -> ExportVerification.Fault? {
            var altered = files
            change(&altered)
            return try await desk.verify(desk.pack(altered)).fault
        }
        let text = String(decoding: list, as: UTF8.self)
        #expect(
            try await fault { $0["export.json"] = Data(text.replacing("Sakura", with: "Sakurb").utf8) } == .signature
        )
        #expect(try await fault { $0["export.sig"] = Data("AAAA\n".utf8) } == .signature)
        #expect(try await fault { $0["manifest.json"]?.append(10) } == .manifestSignature)
        #expect(try await fault { $0["manifest.json"] = nil } == .noManifest)
        #expect(try await fault { $0["manifest.sig"] = nil } == .noManifest)
        // A signed document in another's place.
        #expect(
            try await fault {
                $0["manifest.json"] = files["export.json"]
                $0["manifest.sig"] = files["export.sig"]
            } == .root
        )
        #expect(
            try await fault {
                $0["export.json"] = files["manifest.json"]
                $0["export.sig"] = files["manifest.sig"]
            } == .root
        )
        let other = try await desk.unpack(desk.export(.ownMail(of: desk.office.ada), as: .emlZip, by: desk.office.ada))
        #expect(try await fault { $0["manifest.json"] = other["export.json"] } == .manifestSignature)
        for name in ["export.json", "export.sig"] {
            var altered = files
            altered[name] = nil
            await #expect(throws: AppError(.exportUnreadable)) { try await desk.verify(desk.pack(altered)) }
        }
        // The key that goes along proves nothing.
        var swapped = files
        swapped["public-key.pem"] = Data(try await ExportDesk(hasOwnKeys: true).key().utf8)
        #expect(try await desk.verify(desk.pack(swapped)).foreign.names == ["public-key.pem"])
        var without = files
        without["public-key.pem"] = nil
        #expect(try await desk.verify(desk.pack(without)).whole)
    }

    @Test("Damaged, foreign and lost mails of an mbox file are each named")
    func tamperedMbox() async throws {
        let desk = try await ExportDesk()
        let mails = (1...4).map { HostileMail.mail("mail number \($0)\r\n") }
        let backup = try await desk.backUp(mails)
        let file = try await desk.export(.backup(backup), as: .mbox)
        let text = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
        func verify(_ text: String) async throws -> ExportVerification {
            try Data(text.utf8).write(to: URL(filePath: file))
            return try await desk.verify(file)
        }
        #expect(try await verify(text).whole)
        let changed = try await verify(text.replacing("mail number 2", with: "mail number 5"))
        #expect(changed.damaged.count == 1 && changed.foreign.count == 0 && changed.missing.count == 0)
        #expect(changed.messages == 3 && changed.not_included == 1)

        let starts = text.ranges(of: "From taro@customer.example").map(\.lowerBound)
        #expect(starts.count == 4)
        let one = String(text[starts[1]..<starts[2]])
        let planted = one.replacing("mail number", with: "mail planted")
        let twice = try await verify(text.replacing(one, with: one + one))
        #expect(twice.foreign.count == 1 && twice.damaged.count + twice.missing.count == 0 && twice.messages == 4)
        let foreign = try await verify(text.replacing(one, with: planted + one))
        #expect(foreign.foreign.count == 1 && foreign.damaged.count + foreign.missing.count == 0)
        let lost = try await verify(text.replacing(one, with: ""))
        #expect(lost.missing.count == 1 && lost.messages == 3 && lost.not_included == 1)
        // Behind the last mail nothing can stand, and none of it can be cut off.
        await #expect(throws: AppError(.exportUnreadable)) { _ = try await verify(text + one) }
        await #expect(throws: AppError(.exportUnreadable)) { _ = try await verify(String(text[..<starts[3]])) }
        await #expect(throws: AppError(.exportUnreadable)) { _ = try await verify(String(text.dropLast(8))) }
        let attached = text.replacing(
            "--\(MboxExport.boundary)--",
            with: "--\(MboxExport.boundary)\r\nContent-Disposition: attachment; filename=\"evil.exe\"\r\n\r\nAAAA\r\n"
                + "--\(MboxExport.boundary)--"
        )
        #expect(try await verify(attached).foreign.names == ["evil.exe"])
    }

    @Test(
        "Whatever bit flips and wherever a file ends, it is told in words or still proved",
        arguments: ExportFormat.allCases
    )
    func anyDamage(format: ExportFormat) async throws {
        let desk = try await ExportDesk()
        let backup = try await desk.backUp([HostileMail.mail("one\r\n"), HostileMail.mail("two\r\n>From three")])
        let file = try await desk.export(.backup(backup), as: format)
        let whole = try Data(contentsOf: URL(filePath: file))
        var random = SystemRandomNumberGenerator()
        let sample = TestScale.number(60, inFull: whole.count)
        let places =
            sample < whole.count
            ? (0..<sample).map { _ in Int.random(in: 0..<whole.count, using: &random) } : Array(whole.indices)
        // What only ends the last boundary of an mbox file, after all mails, the list and its signature.
        let ending = format == .mbox ? "--\n\n".utf8.count : 0
        for place in places + whole.indices.suffix(6) {
            var flipped = whole
            flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            for bytes in [flipped, whole.prefix(place)] {
                try bytes.write(to: URL(filePath: file))
                do {
                    let result = try await desk.verify(file)
                    // What flips in a separator, a date or the words of the last mail is no mail's.
                    if result.whole { #expect(try await desk.mails(in: file).count == 2, "\(place)") }
                    #expect(bytes.count >= whole.count - ending || !result.whole, "cut at \(place)")
                } catch let error as AppError {
                    #expect(error.code == .exportUnreadable)
                }
            }
        }
    }

    @Test("Files of other kinds are no exports")
    func otherFiles() async throws {
        let desk = try await ExportDesk()
        let zip = try desk.pack(["a": Data(), "b": Data("x".utf8)])
        let bomb = try desk.pack(["export.json": Data(count: 80 << 20), "export.sig": Data("AAAA".utf8)])
        for path in [zip, bomb, "/", "/dev/null", "/nowhere", desk.office.mailbox] {
            await #expect(throws: AppError(.exportUnreadable)) { try await desk.verify(path) }
        }
        let file = desk.path("other")
        for text in [
            "", "PK\u{3}\u{4}", "From ", "From a\r\n", "From a Thu Jan  1 00:00:00 2026\r\nSubject: x\r\n\r\n", "%PDF",
        ] {
            try Data(text.utf8).write(to: URL(filePath: file))
            await #expect(throws: AppError(.exportUnreadable)) { try await desk.verify(file) }
        }
    }

    @Test("More files than a zip file could once hold are all there")
    func manyFiles() async throws {
        let desk = try await ExportDesk()
        let path = desk.path("many.zip")
        try Data().write(to: URL(filePath: path))
        let file = try #require(FileHandle(forWritingAtPath: path))
        let zip = try ArchiveWriter(.zip) { try file.write(contentsOf: $0) }
        for number in 0..<66_000 {
            try await zip.beginFile("mail/\(number).eml", size: 1, modifiedAt: Date(timeIntervalSince1970: 0))
            try await zip.append(Data([UInt8(number & 255)]))
        }
        try await zip.finish()
        try file.close()
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
        var count = 0
        try ZipExportReader(path: path, size: size ?? 0).forEachFile { place, next in
            let piece = try next?()
            #expect(piece == Data([UInt8(count & 255)]) && place == .path("mail/\(count).eml"))
            count += 1
        }
        #expect(count == 66_000)
    }
}

/// Mails that a format made of lines, or of names, could lose something of.
enum HostileMail {
    static let header =
        "From: Taro <taro@customer.example>\r\nTo: hana@sakura.example\r\nDate: Thu, 1 Jan 2026 10:00:00 +0900\r\n"

    static func mail(_ body: String) -> Data { Data("\(header)\r\n\(body)".utf8) }

    private static let bodies: [String] = [
        "plain\r\n", "From me\r\n>From you\r\n>>From them\r\n", "no end", "From", "", "\r\n", "\r\n\r\n\r\n",
        "bare\rCR\r",
        "lone\nLF\nFrom here\n", "NUL \0 and \0\r\nFrom \0\r\n",
        "a\r\n\r\nFrom a@b Thu Jan  1 00:00:00 2026\r\nSubject: y\r\n",
        String(repeating: ">", count: 300) + "From me\r\n", String(repeating: "long", count: 400_000) + "\r\n",
    ]

    private static let bytes: [[UInt8]] = [
        Array(UInt8.min...UInt8.max) + [0x0D], Array("8-bit ".utf8) + [0x83, 0x65, 0xFF, 0xFE, 0x0D, 0x0A],
    ]

    static let all: [Data] = bodies.map(mail) + bytes.map { mail("") + Data($0) } + [Data(header.utf8)]
}

/// An office, with files of its own.
private final class ExportDesk: Sendable {
    let office: Office
    private let folder: String

    init(hasOwnKeys: Bool = false) async throws {
        office = try await Office(hasOwnKeys: hasOwnKeys)
        let path = NSTemporaryDirectory() + "desk-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        folder = URL(filePath: path).resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func key() -> String { PublicKey(office.mailkeep.keys.signer).pem }

    /// Reads these very bytes out of Hana's mailbox.
    func readMail(_ mails: [Data], _ sharing: SharingSetting) async throws {
        var writer = MboxWriter()
        var file = Data()
        for mail in mails {
            file += writer.begin(sender: nil, at: Timestamp(rawValue: 0), hasEnd: mail.last == 0x0A)
            file += writer.quote(mail) + writer.rest() + writer.finish()
        }
        try file.write(to: URL(filePath: office.mailbox))
        let saving = SaveMailAddonSettings(user: office.hana, input: office.settings(sharing))
        _ = try await office.perform(saving, as: office.hana)
        let job = try await office.perform(SynchroniseMailbox(user: office.hana), as: office.hana)
        try await office.mailkeep.finish(job)
    }

    func backUp(_ mails: [Data]) async throws -> BackupID {
        try await readMail(mails, .all)
        let output = try await office.perform(DeactivateUser(user: office.hana, backUp: true), as: office.ada)
        let backup = try #require(output.backup)
        try await office.mailkeep.finish(try #require(try await office.mailkeep.job(of: backup)))
        return backup
    }

    /// - Returns: the file's path.
    func export(_ subject: ExportSubject, as format: ExportFormat, by user: UserID? = nil) async throws -> String {
        let path = path("\(UUID().uuidString).\(format.fileExtension)")
        try Data().write(to: URL(filePath: path))
        let file = try #require(FileHandle(forWritingAtPath: path))
        var action = ExportMail(subject, as: format) { try file.write(contentsOf: $0) }
        action.pageSize = 3
        _ = try await office.perform(action, as: user ?? office.ada)
        try file.close()
        return path
    }

    func verify(_ path: String) async throws -> ExportVerification {
        try await ExportVerifier(path: path, keys: key()).verify()
    }

    /// The mails of an export as those find them who know nothing of its list.
    func mails(in path: String) async throws -> Set<Data> {
        guard path.hasSuffix(".mbox") else {
            return Set(try unpack(path).filter { $0.key.hasSuffix(".eml") }.values)
        }
        let file = try await MboxFile(path: path)
        return Set(
            try (1..<file.count).map { number in
                let mail = try file.mail(number)
                var bytes = Data()
                while let piece = try mail.next() { bytes.append(contentsOf: piece) }
                return bytes
            }
        )
    }

    func unpack(_ path: String) throws -> [String: Data] {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
        let reader = try ZipExportReader(path: path, size: size ?? 0)
        var files: [String: Data] = [:]
        func read(_ next: () throws -> Data?) throws -> Data {
            var bytes = Data()
            while let piece = try next() { bytes.append(piece) }
            return bytes
        }
        for document in ExportDocument.allCases {
            if let next = try reader.document(document) { files[document.rawValue] = try read(next) }
        }
        try reader.forEachFile { place, next in
            if case .path(let path) = place, let next { files[path] = try read(next) }
        }
        return files
    }

    func pack(_ files: [String: Data]) throws -> String {
        let path = path("\(UUID().uuidString).zip")
        let script = """
            import sys, json, base64, zipfile
            with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in json.load(open(sys.argv[1] + ".json")).items():
                    archive.writestr(name, base64.b64decode(content))
            """
        try JSONEncoder().encode(files).write(to: URL(filePath: path + ".json"))
        try SystemProgram.run("python3", ["-c", script, path])
        return path
    }
}
