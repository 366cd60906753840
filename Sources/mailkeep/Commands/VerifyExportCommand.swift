import ArgumentParser
import Foundation
import Glibc
import MailkeepApp

struct VerifyExportCommand: LocalCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-export",
        abstract: "Prove an export by a public key, without a server or a data directory.",
        discussion: """
            Re-reads the export and tells whether its signatures hold and every mail in it is, byte for byte, one that \
            the signed list names, and the manifest of the backup. Exit status: 0 proved, 1 not proved, 65 not an \
            export or not the whole of one, or no public key.
            """
    )

    @Argument(help: "The export: a zip or mbox file.") var file: String
    @Option(help: ArgumentHelp("The public key (PEM), as mailkeep keys public-key prints it.", valueName: "file"))
    var publicKey: String
    @Flag(help: "Print one JSON document.") var json = false

    var isJSON: Bool { json }

    func run(console: any Console, host: any Host) async throws {
        let wording = Wording(locale: console.locale)
        let keys = String(decoding: try await console.readFile(publicKey, limit: 64 << 10), as: UTF8.self)
        let result = try await ExportVerifier(path: Self.realPath(of: file), keys: keys).verify()
        if json {
            let document = try JSONEncoder.document.encode(Verifications(verifications: [result]))
            try await console.write(String(decoding: document, as: UTF8.self) + "\n")
        } else {
            try await console.write(result.text(wording) + "\n")
        }
        guard !result.whole else { return }
        let count = result.damaged.count + result.foreign.count + result.missing.count
        let reason =
            result.fault.map { wording.text(key: "proof.\($0.rawValue)") }
            ?? wording.text(.proofFailed, ["count": "\(count)"])
        try await console.write("mailkeep: \(reason)\n", to: .standardError)
        throw ExitCode(ExitStatus.failed)
    }

    private static func realPath(of path: String) throws -> String {
        guard let real = realpath(path, nil) else { throw ShellError(errno: errno, path: path) }
        defer { free(real) }
        return String(cString: real)
    }
}

/// The document `{"verifications":[…]}`.
private struct Verifications: Encodable {
    let verifications: [ExportVerification]
}

extension ExportVerification {
    private static let mostNames = 50

    /// The result as a person reads it.
    fileprivate func text(_ wording: Wording) -> String {
        var lines: [(String, String)] = []
        func add(_ id: WordingID, _ value: String?) {
            if let value { lines.append((wording.text(id), value)) }
        }
        add(.colOrganization, organization)
        add(.proofOf, backup_id.map { "#\($0) \(of ?? "")" } ?? of)
        add(.proofExportedBy, exported_by)
        add(.proofExportedTime, exported_time)
        add(.proofFingerprint, fingerprint)
        guard fault == nil else { return Table(pairs: lines).text }
        add(.proofMessages, "\(messages) (\(ByteCount(bytes).text))")
        add(.proofNotIncluded, not_included.map { "\($0)" })
        var text = Table(pairs: lines).text
        for (id, findings) in [(WordingID.proofDamaged, damaged), (.proofForeign, foreign), (.proofMissing, missing)]
        where findings.count > 0 {
            text += "\n\(wording.text(id)): \(findings.count)"
            for name in findings.names.prefix(Self.mostNames) { text += "\n  \(name.withoutControls)" }
            if findings.count > Self.mostNames { text += "\n  …" }
        }
        return whole ? text + "\n\(wording.text(.proofWhole))" : text
    }
}
