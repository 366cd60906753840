import Foundation
import Glibc
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// The directory, its disk, the clock and the uploads.
extension Doctor {
    /// Folders and files that nobody but their owner may reach.
    private static let guarded = [
        "", "/keys", "/keys/master", "/keys/keyring", "/keys/keyring.next", "/vault", "/uploads", "/temporary",
    ]

    static func examineDirectory(_ path: String) throws -> DoctorFinding {
        try DataDirectory.check(path)
        let open = exposed(in: path)
        guard open.isEmpty else {
            return DoctorFinding(.directory, .failed, .directoryModes, ["paths": open.joined(separator: ", ")])
        }
        return DoctorFinding(.directory, .ok, .directoryOk, ["path": path])
    }

    private static func exposed(in path: String) -> [String] {
        guarded.map { path + $0 }.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && (status.st_mode & 0o077 != 0 || status.st_uid != geteuid())
        }
    }

    /// Takes the permissions of others away.
    package static func mendModes(of path: String) -> [DoctorRepair] {
        let open = exposed(in: path)
        let mended = open.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && chmod(path, status.st_mode & 0o700) == 0
        }
        return mended.isEmpty ? [] : [DoctorRepair(sentence: .repairedModes, count: mended.count)]
    }

    /// The newest row is at most so much later than the clock, in milliseconds.
    private static let clockTolerance: Int64 = 60_000

    func examineClock(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let now = mailkeep.clock()
        let newest = try await mailkeep.store.read { try $0.newestMoment() }
        let values = ["now": now.iso8601, "newest": newest?.iso8601 ?? "-"]
        let isBack = newest.map { now.advanced(byMilliseconds: Self.clockTolerance) < $0 } ?? false
        return DoctorFinding(.clock, isBack ? .failed : .ok, isBack ? .clockBack : .clockOk, values)
    }

    /// What should be free in any case: 1 GB.
    private static let margin: Int64 = 1_000_000_000

    func examineDisk(_ mailkeep: Mailkeep) throws -> DoctorFinding {
        let directory = mailkeep.directory
        let free = try freeBytes ?? Self.freeBytes(at: directory.path)
        // A segment that was written to within the month is taken to be of this month.
        let month = Date(timeIntervalSince1970: Double(mailkeep.clock().rawValue) / 1000 - 30 * 86_400)
        var growth: Int64 = 0
        for name in try DataDirectory.entries(of: directory.vault) {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory.vault)/\(name)")
            guard let changed = attributes[.modificationDate] as? Date, changed > month, name.hasSuffix(".seg") else {
                continue
            }
            growth += (attributes[.size] as? NSNumber)?.int64Value ?? 0
        }
        let database = try FileManager.default.attributesOfItem(atPath: directory.database)[.size] as? NSNumber
        // A month's mail, and a snapshot's copy of the database.
        let needed = Self.margin + growth + (database?.int64Value ?? 0)
        let values = [
            "free": ByteCount(free).text, "growth": ByteCount(growth).text, "needed": ByteCount(needed).text,
        ]
        return DoctorFinding(.disk, free < needed ? .failed : .ok, free < needed ? .diskLow : .diskOk, values)
    }

    private static func freeBytes(at path: String) throws -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw DataDirectory.failure(path) }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }

    func examineUploads(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let named = try await mailkeep.store.read { try $0.uploadedFiles() }
        let (orphaned, missing) = try mailkeep.uploads.compare(with: named)
        let values = ["count": "\(named.count)", "orphaned": "\(orphaned)", "missing": "\(missing)"]
        if missing > 0 { return DoctorFinding(.uploads, .failed, .uploadsMissing, values) }
        return DoctorFinding(
            .uploads,
            orphaned > 0 ? .failed : .ok,
            orphaned > 0 ? .uploadsOrphaned : .uploadsOk,
            values
        )
    }

    func examineKeys(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let (ring, awaits, isGiven, hasFile) = try mailkeep.withKeyFiles { directory, master in
            (
                try KeyRing.open(in: directory, master: master), try KeyRing.awaitsMaster(in: directory),
                master != nil, try KeyRing.hasMasterFile(in: directory)
            )
        }
        guard ring.signer.publicKey == mailkeep.keys.signer.publicKey else {
            return DoctorFinding(.keys, .failed, .keysOther)
        }
        if awaits { return DoctorFinding(.keys, .failed, .keysAwaited) }
        if isGiven, hasFile { return DoctorFinding(.keys, .failed, .keysMasterFile) }
        let messages = isThorough ? nil : Self.sealedMessages
        let (count, faults) = try await mailkeep.store.read { try $0.examineSeals(messages: messages) }
        let values = ["count": "\(count)", "faults": "\(faults)"]
        if faults > 0 { return DoctorFinding(.keys, .failed, .keysSealed, values) }
        return DoctorFinding(.keys, .ok, isGiven ? .keysOkOutside : .keysOk, values)
    }

    private static let sealedMessages = 1000
}
