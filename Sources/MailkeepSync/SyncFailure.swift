import IMAPClient
import MailVault
import MailkeepKeys
import MailkeepMetrics
package import MailkeepModel
import MailkeepStore
import OAuthClient
import POP3Client

/// Why mail could not be read or stored, in the terms in which a person can act on it.
package struct SyncFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Raw values are kept in the database and name the sentence that a person reads.
    package enum Code: String, Sendable, CaseIterable {
        /// The mail server refuses the sign-in.
        case auth
        /// The mailbox's provider accepts the sign-in no more that its owner gave there: they must sign in again.
        case revoked
        /// The provider does not accept this Mailkeep as it is set up, or it is not set up for it.
        case provider
        /// The mail server cannot be reached, or breaks off again and again.
        case connect
        /// The mail server's certificate is not trusted.
        case certificate
        /// The connection cannot be secured as the settings ask.
        case security
        /// The mail server stands in a network that is not allowed.
        case network
        /// The mail server asks to be left alone for a while, or its daily limit is reached.
        case throttled
        /// The mail server has asked for that for about a week, in which nothing could be read.
        case stalled
        /// The mail server answers what cannot be understood, or refuses to read a folder.
        case server
        /// Some folders could not be read, and the others were.
        case partial
        /// The settings name no way to read the mailbox.
        case settings
        /// The mail file or folder cannot be read, or may not.
        case path
        /// No space left.
        case disk
        /// The vault or the database failed.
        case storage
        /// The data directory's keys are missing or cannot be used.
        case keys
        /// The work was taken from this job: cancelled, or another process took it up.
        case lost
        /// A defect of the program.
        case `internal`

        /// Whether trying again at once may help.
        var isTransient: Bool { self == .connect }

        /// Whether what was synchronised before can stand in its place (B10): the mail server no longer answers, or
        /// refuses the sign-in; not where somebody can put right what keeps from reading, nor where it passes by itself.
        var letsSynchronisedStand: Bool {
            switch self {
            case .auth, .revoked, .connect, .stalled, .server: true
            case .provider, .certificate, .security, .network, .throttled, .partial, .settings, .path, .disk, .storage,
                .keys,
                .lost, .internal:
                false
            }
        }

        /// Whether the mailbox, and not this machine, is the cause.
        package var isOfTheMailbox: Bool {
            switch self {
            case .auth, .revoked, .provider, .connect, .certificate, .security, .network, .throttled, .stalled, .server,
                .partial, .settings, .path:
                true
            case .disk, .storage, .keys, .lost, .internal: false
            }
        }
    }

    /// Whether what was read before an error is as good as without it.
    static func isOfTheMailbox(_ error: any Error) -> Bool {
        (error is SyncFailure || error is IMAPError || error is POP3Error) && SyncFailure(error).code.isOfTheMailbox
    }

    /// Whether a server asks to be left alone, and does not merely refuse for now what it was asked for.
    static func asksToWait(_ error: any Error) -> Bool {
        guard SyncFailure(error).code == .throttled else { return false }
        return (error as? IMAPError)?.code != .busy && (error as? POP3Error)?.code != .busy
    }

    package let code: Code
    /// For the operator: what happened, without personal data.
    package let message: String
    package let cause: (any Error)?
    /// Before when trying again is of no use; nil where that is not known.
    package let retryAt: Timestamp?

    package init(_ code: Code, _ message: String, retryAt: Timestamp? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.retryAt = retryAt
        self.cause = cause
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Counts a failure to read a mailbox by its class; those of this machine are none.
    package func count() {
        if code.isOfTheMailbox { Metric.mailServerErrors.count(1, [code.rawValue]) }
    }

    package var description: String { "\(code.rawValue): \(message)" }

    /// The failure that an error of the parts below amounts to.
    ///
    /// `CancellationError` is not for here.
    package init(_ error: any Error) {
        switch error {
        case let failure as SyncFailure: self = failure
        case let error as IMAPError: self.init(Code(error.code), error.message, cause: error)
        case let error as POP3Error: self.init(error)
        case let error as OAuthError: self.init(Code(error.code), error.message, cause: error)
        case let error as VaultError:
            self.init(error.code == .diskFull ? .disk : .storage, error.description, cause: error)
        case let error as StoreError:
            self.init(error.code == .diskFull ? .disk : .storage, error.description, cause: error)
        case let error as KeyError: self.init(.keys, error.message, cause: error)
        default: self.init(.internal, "\(type(of: error))", cause: error)
        }
    }
}

extension SyncFailure.Code {
    /// What an error of a provider's token endpoint means to a person.
    ///
    /// Whoever cannot be asked has not said that a sign-in is over.
    init(_ code: OAuthError.Code) {
        self =
            switch code {
            case .grantRefused: .revoked
            case .clientRefused, .certificateInvalid: .provider
            case .unavailable, .invalidAnswer: .connect
            }
    }
}
