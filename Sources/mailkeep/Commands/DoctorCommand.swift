import ArgumentParser
import Foundation
import MailkeepApp
import MailkeepModel

struct DoctorCommand: ServedCommand, Reaching {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether everything is sound, and mend what can be mended.",
        discussion: """
            Looks at the data directory, the keys, the database, the stored mail, backups' manifests, the audit log, the \
            clock, the disk, the mail servers (without signing in), mailboxes, jobs and uploads. It ends with status 0 \
            when all is well, and 1 otherwise.

            With --repair, the index of the stored mail is set right from the stored mail itself, mail that is damaged \
            is read again from its mailbox, and uploads that belong to nothing are removed.
            """
    )

    @OptionGroup var location: DataOption
    @OptionGroup var reach: ReachOptions
    @Flag(help: "Read every stored byte, which may take hours.") var thorough = false
    @Flag(help: "Mend what can be mended.") var repair = false
    @Flag(help: "Print one JSON document, in the API's shapes.") var json = false

    var isJSON: Bool { json }

    func run(in context: CommandContext) async throws {
        let console = context.console
        guard let path = location.data ?? context.host.settings.data else { throw UsageError.noData }
        let wording = Wording(locale: console.locale)
        let progress = ProgressLine(on: console)
        let doctor = Doctor(isThorough: thorough, repairs: repair, permissions: try reach.permissions) { state in
            try await progress.tell("\(state.check.rawValue) …")
        }
        let terminal = console.terminal
        let report: DoctorReport
        do {
            // Keys that others can reach are not even opened.
            let mended = repair ? Doctor.mendModes(of: path) : []
            report = try await context.host.withMailkeep(at: location) {
                let origin = "shell \(terminal.userName)(\(terminal.userID))"
                return try await doctor.run(in: $0, origin: origin, mended: mended)
            }
        } catch let error where !(error is CancellationError || error is ShellError) {
            report = Doctor.report(of: error, at: path)
        }
        try await progress.end()
        let shape = report.shape(in: wording)
        let text =
            json
            ? String(decoding: try JSONEncoder.document.encode(Examination(doctor: shape)), as: UTF8.self)
            : shape.text
        try await console.write(text + "\n")
        guard report.isHealthy else { throw ExitCode(ExitStatus.failed) }
    }
}

/// The document `{"doctor":{…}}`.
private struct Examination: Encodable {
    let doctor: DoctorShape
}

extension DoctorShape {
    /// A line for each thing, with a mark.
    fileprivate var text: String {
        let marks = ["ok": "✓", "failed": "✗", "unchecked": "–"]
        let rows = checks.map { [marks[$0.status] ?? "?", $0.check, $0.message] }
        let mended = repairs.map { [$0.done ? "+" : "!", "", $0.message] }
        return (rows + mended).map { row in
            let name = row[1] + String(repeating: " ", count: max(0, 13 - row[1].count))
            return "\(row[0]) \(name)\(row[2].withoutControls)"
        }.joined(separator: "\n")
    }
}
