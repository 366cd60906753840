import Foundation
import MailkeepModel

/// Where a run is in the records of a CRM, and what it has to remember: it is kept with each page that is stored.
struct DirectoryPosition: Codable {
    enum Stage: Int, Codable, CaseIterable {
        case accounts
        case contacts
        case deals
        case leads
        case deletedAccounts
        case deletedContacts
        case deletedDeals
        case deletedLeads

        var module: Module {
            switch self {
            case .accounts, .deletedAccounts: .accounts
            case .contacts, .deletedContacts: .contacts
            case .deals, .deletedDeals: .deals
            case .leads, .deletedLeads: .leads
            }
        }

        var isOfDeleted: Bool { rawValue >= Stage.deletedAccounts.rawValue }
        var next: Stage? { Stage(rawValue: rawValue + 1) }
    }

    var stage = Stage.accounts
    var page = 1
    var token: String?
    /// Whether the run reads all records, and not those alone that have changed.
    var isFull: Bool
    /// What of the pages before could not be stored, or not wholly, as paths of the API: `Contacts/12`, and
    /// `Contacts/deleted/12` of what could not be deleted.
    var unresolved: Set<String> = []

    /// Goes to the beginning of a stage.
    mutating func begin(_ stage: Stage) { (self.stage, page, token) = (stage, 1, nil) }

    /// Goes on to the next page, or to what comes after.
    ///
    /// - Returns: whether there is anything.
    mutating func advance(after info: CRMDocument.Info?) -> Bool {
        if info?.more_records == true {
            token = info?.next_page_token
            page += 1
            return true
        }
        guard let next = stage.next else { return false }
        begin(next)
        return true
    }

    func encoded() throws -> Data { try JSONEncoder().encode(self) }
}
