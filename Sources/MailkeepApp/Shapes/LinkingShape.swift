import MailkeepModel
import MailkeepStore

/// How much older mail is still to be linked with records that got addresses since, in the API's form.
package struct LinkingShape: Encodable, Sendable, Equatable {
    /// Addresses for which older mail is still to be looked through.
    package var addresses_left: Int
    /// Mails that were found and are still to be read from the mail servers.
    package var mails_left: Int

    /// Whether anything is left.
    package var isPending: Bool { addresses_left > 0 || mails_left > 0 }

    init(_ progress: LinkingProgress) {
        addresses_left = progress.addresses
        mails_left = progress.mails
    }
}

/// Whether older mail of one record is still to come, in the API's form.
package struct RecordLinkingShape: Encodable, Sendable, Equatable {
    /// Older mail with an address of the record is still being looked for.
    package var looked_for: Bool
    /// Mail that the reader will see is found, and still being read from the mail server.
    package var being_read: Bool

    /// Whether anything is still to come.
    package var isPending: Bool { looked_for || being_read }

    init(_ linking: RecordLinking) {
        looked_for = linking.isLookedFor
        being_read = linking.isBeingRead
    }
}
