import ArgumentParser
import Foundation
import MailkeepApp
import MailkeepModel

/// Where an export goes, and in which form.
struct ExportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "eml_zip: a zip file of .eml files, by folder. mbox: one mbox file, whose last mail carries the proof.",
            valueName: "format"
        )
    )
    var format: ExportFormat

    @Option(
        help: ArgumentHelp(
            "The file to write, which must not be there yet; - is standard output.",
            valueName: "file"
        )
    )
    var output: String
}

extension ExportFormat: ExpressibleByArgument {}

extension Session {
    /// Takes mail out to the file that a command names, and tells how much it was.
    ///
    /// - Parameters:
    ///   - id: what the document names it by.
    func export(_ subject: ExportSubject, _ options: ExportOptions, _ key: ActionList.Key, id: String) async throws {
        let exported = try await console.withOutput(options.output) { file in
            try await perform(ExportMail(subject, as: options.format) { try await file.write(Array($0)) })
        }
        var message = wording.text(
            exported.withheld == 0 ? .okExport : .okExportWithheld,
            [
                "messages": "\(exported.messages)", "bytes": ByteCount(exported.bytes).text,
                "withheld": "\(exported.withheld)", "file": options.output,
            ]
        )
        if exported.erased > 0 { message += "\n" + wording.text(.backupErased, ["n": "\(exported.erased)"]) }
        let actions = ActionList(key, [ActionShape(id: id, message: message)])
        try await print(actions, text: message, beside: options.output)
    }

    /// Prints what became of a file that was written; as a note where the file is standard output.
    func print(_ document: some Encodable, text: String, beside file: String) async throws {
        if file == "-" { try await note(text) } else { try await print(document, text: text) }
    }
}
