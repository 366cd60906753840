import ArgumentParser
import Foundation
import MailkeepApp
import MailkeepModel
import MailkeepWeb

/// A command line that parses and still makes no sense.
enum UsageError: String, Error, CaseIterable {
    case noData = "no_data"
    case passwordsDiffer = "passwords_differ"
    case sourceNeeded = "source_needed"
    case badMoment = "bad_moment"
    case moduleNeeded = "module_needed"
    case badID = "bad_id"
    case badPage = "bad_page"
    case badLogFormat = "bad_log_format"
    case badLogLevel = "bad_log_level"
}

/// Exit statuses of the shell (sysexits.h).
enum ExitStatus {
    static let failed: Int32 = 1
    static let usage: Int32 = 64
    static let badInput: Int32 = 65
    static let unavailable: Int32 = 69
    static let refused: Int32 = 77
}

/// What went wrong with a command, as a person or a script is told it.
struct Failure {
    let status: Int32
    let document: ErrorReport.Document
    private let detail: String?

    init(_ error: any Error, in locale: MailkeepModel.Locale) {
        let wording = Wording(locale: locale)
        let own: (status: Int32, reason: String, message: String)? =
            switch error {
            case let error as UsageError:
                (ExitStatus.usage, error.rawValue, wording.text(key: "usage.\(error.rawValue)"))
            case let error as SettingsError:
                (ExitStatus.usage, "settings", wording.text(.usageSettings, ["file": error.file]))
            case let error as ShellError:
                (
                    error.code.status, error.code.rawValue,
                    wording.text(key: "shell.\(error.code.rawValue)", ["path": error.path ?? "-"])
                )
            case let error as DataDirectoryError:
                (
                    ExitStatus.failed, error.code.rawValue,
                    wording.text(
                        key: "directory.\(error.code.rawValue)",
                        ["path": error.path, "detail": error.detail ?? "-"]
                    )
                )
            case let error as WebError:
                (
                    ExitStatus.usage, error.code.rawValue,
                    wording.text(key: "web.\(error.code.rawValue)", ["value": error.value])
                )
            case is CancellationError: (ExitStatus.failed, "interrupted", wording.text(.usageInterrupted))
            default: nil
            }
        if let own {
            status = own.status
            document = ErrorReport.Document(
                code: "INVALID_REQUEST",
                details: .init(reason: own.reason),
                message: own.message
            )
            // What the operating system said, or both versions.
            detail = (error as? ShellError).flatMap { [.system, .otherVersion].contains($0.code) ? $0.message : nil }
            return
        }
        let report = ErrorReport(error, in: locale)
        document = report.document
        detail = report.detail
        status =
            switch report.kind {
            case .refused: ExitStatus.refused
            case .invalid: ExitStatus.usage
            case .badFile: ExitStatus.badInput
            case .mailbox: ExitStatus.unavailable
            case .failed: ExitStatus.failed
            }
    }

    /// Tells it: an error document on standard output where JSON was asked for, and in any case the sentence on
    /// standard error, led by the rule that refused.
    ///
    /// - Returns: the exit status.
    func report(on console: any Console, json: Bool) async -> Int32 {
        if json, let document = try? JSONEncoder.document.encode(document) {
            try? await console.write(String(decoding: document, as: UTF8.self) + "\n")
        }
        var text = "mailkeep: "
        if let rule = document.details.rule { text += "\(rule): " }
        text += document.message + "\n"
        for row in document.details.rows?.prefix(50) ?? [] { text += "  \(row.line): \(row.message)\n" }
        if let detail { text += "  (\(detail))\n" }
        try? await console.write(text, to: .standardError)
        return status
    }
}

extension ShellError.Code {
    fileprivate var status: Int32 {
        switch self {
        case .notFound, .notPermitted, .exists, .directory, .tooLarge, .notText, .notNamed: ExitStatus.badInput
        case .noTerminal, .endOfInput: ExitStatus.usage
        default: ExitStatus.failed
        }
    }
}
