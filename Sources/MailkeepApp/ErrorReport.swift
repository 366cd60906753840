import MailVault
import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// What went wrong, as people and programs are told it in every way in.
package struct ErrorReport: Sendable {
    /// One error in the API's form: always these four keys.
    package struct Document: Encodable, Sendable, Equatable {
        package struct Details: Encodable, Sendable, Equatable {
            package var id: String?
            package var rule: String?
            package var reason: String?
            package var rows: [Row]?
            /// The field that it is about, where in the body that stands, and what it takes.
            package var api_name: String?
            package var json_path: String?
            package var expected_data_type: String?
            /// What re-reading a backup found that is not whole.
            package var verification: VerificationShape?

            package init(id: String? = nil, rule: String? = nil, reason: String? = nil, rows: [Row]? = nil) {
                self.id = id
                self.rule = rule
                self.reason = reason
                self.rows = rows
            }
        }

        /// A row of an import that could not be stored.
        package struct Row: Encodable, Sendable, Equatable {
            package var line: Int
            package var reason: String
            package var message: String

            package init(_ problem: ImportProblem, in locale: Locale) {
                line = problem.line
                reason = problem.reason.rawValue
                message = problem.message(in: locale)
            }
        }

        package var code: String
        package var details: Details
        package var message: String
        package var status = "error"

        package init(code: String, details: Details = Details(), message: String) {
            self.code = code
            self.details = details
            self.message = message
        }
    }

    /// Whose matter it is.
    package enum Kind: Sendable {
        /// A rule, or a permission, says no.
        case refused
        /// What was asked for makes no sense.
        case invalid
        /// A file that was handed in cannot be used.
        case badFile
        /// The mail server, or the file that stands for it, cannot be read.
        case mailbox
        /// The state of things does not allow it, or this machine failed.
        case failed
    }

    package let document: Document
    package let kind: Kind
    /// What an operator may need beyond the sentence, without personal data.
    package let detail: String?

    /// - Parameter locale: the reader's language, in the shell.
    package init(_ error: any Error, in locale: Locale) {
        self.init(error, in: Wording(locale: locale))
    }

    /// - Parameter wording: the reader's.
    package init(_ error: any Error, in wording: Wording) {
        switch error {
        case let refusal as Refusal:
            kind = .refused
            detail = nil
            document = Document(
                code: "NOT_ALLOWED",
                details: .init(rule: refusal.rule.rawValue, reason: refusal.reason?.rawValue),
                message: wording.refusal(refusal)
            )
        case let error as AppError:
            kind = error.code.kind
            detail = nil
            document = Document(
                code: "INVALID_DATA",
                details: .init(
                    reason: error.code.rawValue,
                    rows: error.rows.isEmpty ? nil : error.rows.map { Document.Row($0, in: wording.locale) }
                ),
                message: wording.error(error)
            )
        case let error as KeyError:
            kind = .failed
            // Of the others the sentence tells all.
            detail = [.commandFailed, .damaged, .ioFailed, .permissions].contains(error.code) ? error.message : nil
            document = Document(
                code: "INTERNAL_ERROR",
                details: .init(reason: SyncFailure(error).code.rawValue),
                message: wording.error(error)
            )
        case let rest as JobRest:
            kind = .mailbox
            detail = rest.failure.message
            document = Document(
                code: "MAIL_SERVER_ERROR",
                details: .init(reason: rest.failure.code.rawValue),
                message: wording.text(.stRestsShell, ["time": rest.until.iso8601])
            )
        default:
            let ofBackup = error as? BackupFailure
            let failure = ofBackup?.failure ?? SyncFailure(error)
            kind = failure.code.isOfTheMailbox ? .mailbox : .failed
            detail = failure.message
            document = Document(
                code: failure.code.isOfTheMailbox ? "MAIL_SERVER_ERROR" : "INTERNAL_ERROR",
                details: .init(reason: failure.code.rawValue),
                message: wording.failure(failure.code.rawValue, ofBackup: ofBackup != nil)
            )
        }
    }
}

extension AppError.Code {
    fileprivate var kind: ErrorReport.Kind {
        switch self {
        case .importEncoding, .importUnreadable, .importColumns, .importRows, .roleCycle,
            .uploadTooLarge, .uploadBroken, .uploadNoMail, .uploadUnreadable, .uploadTooMany, .uploadGrows,
            .exportUnreadable, .exportKey, .snapshotNone, .snapshotUnreadable, .snapshotNewer, .snapshotDamaged,
            .snapshotKeysUnreadable, .snapshotOtherKeys:
            .badFile
        case .noOrganization, .organizationExists, .backupDamaged, .backupNotCompleted, .backupNotPending,
            .backupCancelled, .emailTooLarge, .auditBroken, .auditCut, .vaultBusy, .collectionDoubt,
            .connectionRefused, .connectionBroken:
            .failed
        case .badSignIn, .tooManyAttempts, .busy, .badLink, .badScope, .badClient, .noClient,
            .badConnection, .noConnection, .recordWasHeld, .tooManyClients, .badSetUpToken, .wrongPassword, .noUser,
            .userExists,
            .aliasTaken, .badEmail, .noName, .noRole, .passwordLength, .passwordCommon,
            .serverIncomplete, .passwordNeeded, .signInNeeded, .signInUnavailable, .signInExpired, .signInDeclined,
            .signInFailed, .signInNotLasting, .signInOtherAccount, .badProviderSettings, .accountTypeUnavailable,
            .badPort, .badCertificates, .badNetwork, .badWatchedInboxes, .badMailConnections,
            .sourceIncomplete, .sourceNoServer, .badInterval, .badCredentials,
            .reasonNeeded, .badRetentionDays, .retentionUnseen, .noRetention, .erasureUnseen, .erasureNothing,
            .noBackup, .snapshotKeysNeeded, .snapshotMasterKeyNeeded, .masterKeyOutside, .appendNeedsImap, .badFolder,
            .badWebhook, .badWebhookEvent, .webhookPlain, .webhookNetwork, .tooManyWebhooks, .noWebhook,
            .badMailSettings:
            .invalid
        case .appendFull: .mailbox
        }
    }
}
