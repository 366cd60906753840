import ArgumentParser
import MailkeepApp

struct CollectCommand: ShellCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Give back the space of stored bytes that nothing needs any more (administrators).",
        discussion: """
            What was erased, and what a crash left, is gone from the disk afterwards. It stops at any doubt and removes \
            nothing then. No snapshot can be taken meanwhile.
            """
    )

    @OptionGroup var common: CommonOptions
    @Flag(help: "Tell what would be given back, and remove nothing.") var dryRun = false

    func run(in context: CommandContext) async throws {
        try await context.withSession(common) { session in
            let shape = try await session.perform(CollectGarbage(isDryRun: dryRun))
            let values = [
                "bytes": ByteCount(shape.bytes).text, "entries": "\(shape.entries)", "segments": "\(shape.segments)",
            ]
            let sentence: WordingID = shape.segments == 0 ? .okGarbageNone : dryRun ? .okGarbageFound : .okGarbage
            try await session.print(Garbage(gc: shape), text: session.wording.text(sentence, values))
        }
    }
}

/// The document `{"gc":{…}}`.
private struct Garbage: Encodable {
    let gc: GarbageShape
}
