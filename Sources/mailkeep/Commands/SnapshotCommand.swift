import ArgumentParser
import Foundation
import MailkeepApp
import MailkeepModel

struct SnapshotCommand: ShellCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Write a consistent copy of everything to one file (administrators).",
        discussion: """
            A server goes on working meanwhile. Without --with-keys nobody can read the mail in it, nor can you: keep a \
            copy of the folder keys elsewhere, and name it to mailkeep restore. With --with-keys whoever has the file \
            can read all mail; so can whoever has both. A master key that is given from outside is never in a snapshot: \
            with --with-keys all but that is in it. A file that is there already is not overwritten.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("The file to write; - is standard output.", valueName: "file")) var output: String
    @Flag(help: "Put the keys in: whoever has the file, and the master key, can then read all mail.") var withKeys =
        false

    func run(in context: CommandContext) async throws {
        try await context.withSession(common) { session in
            let wording = session.wording
            if withKeys {
                let isOutside = session.mailkeep.hasGivenMasterKey
                try await session.note(wording.text(isOutside ? .snapshotWithKeyring : .snapshotWithKeys))
            }
            let progress = ProgressLine(on: session.console)
            let shape = try await session.console.withOutput(output) { file in
                let snapshot = TakeSnapshot(
                    includesKeys: withKeys,
                    configuration: session.host.settings.file
                ) { bytes in
                    try await file.write(Array(bytes))
                } onProgress: { state in
                    let values = ["done": ByteCount(state.done).text, "all": ByteCount(state.total).text]
                    try await progress.tell(wording.text(.snapshotProgress, values))
                }
                let shape = try await session.perform(snapshot)
                try await progress.end()
                return shape
            }
            try await session.print(Snapshot(snapshot: shape), text: wording.taken(shape, as: output), beside: output)
        }
    }
}

struct RestoreCommand: LocalCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a data directory of a snapshot.",
        discussion: """
            The directory must be empty or absent. Everything is checked before it gets its name. A snapshot without \
            keys needs --keys, a copy of the folder keys of the data directory that it was taken of, of any day. A \
            master key that was given from outside is given here likewise, and no file is made of it. \
            Everybody signs in anew, and one-time links work no more. Do not let the former server run beside it.
            """
    )

    @OptionGroup var location: DataOption
    @Argument(help: "The snapshot.") var file: String
    @Option(help: ArgumentHelp("A folder with the files master, if there is one, and keyring.", valueName: "folder"))
    var keys: String?
    @Flag(help: "Print one JSON document, in the API's shapes.") var json = false

    var isJSON: Bool { json }

    func run(console: any Console, host: any Host) async throws {
        guard let path = location.data ?? host.settings.data else { throw UsageError.noData }
        let terminal = console.terminal
        let shape = try await RestoreSnapshot(
            file: file,
            directory: path,
            keys: keys,
            masterKey: try host.masterKey(location)
        ).run(origin: "shell \(terminal.userName)(\(terminal.userID))")
        let text =
            json
            ? String(decoding: try JSONEncoder.document.encode(Snapshot(snapshot: shape)), as: UTF8.self)
            : Wording(locale: console.locale).text(
                .okRestored,
                [
                    "organization": shape.organization, "data": path, "time": shape.taken_time,
                    "bytes": ByteCount(shape.bytes).text,
                ]
            )
        try await console.write(text + "\n")
    }
}

/// The document `{"snapshot":{…}}`.
private struct Snapshot: Encodable {
    let snapshot: SnapshotShape
}

extension Wording {
    fileprivate func taken(_ snapshot: SnapshotShape, as file: String) -> String {
        let values = ["file": file, "bytes": ByteCount(snapshot.bytes).text]
        let id: WordingID =
            if snapshot.master_key_outside {
                snapshot.keys_included ? .okSnapshotWithKeyring : .okSnapshotOutside
            } else {
                snapshot.keys_included ? .okSnapshotWithKeys : .okSnapshot
            }
        return text(id, values)
    }
}
