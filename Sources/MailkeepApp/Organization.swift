import Foundation
import MailMessage
import MailkeepKeys
package import MailkeepModel
import MailkeepStore

/// An organisation as it is made, with its first administrator.
package struct NewOrganization: Sendable {
    package var name: String
    package var administratorEmail: String
    package var administratorName: String
    package var locale: MailkeepModel.Locale
    package var password: String

    package init(
        name: String,
        administratorEmail: String,
        administratorName: String,
        locale: MailkeepModel.Locale,
        password: String
    ) {
        self.name = name
        self.administratorEmail = administratorEmail
        self.administratorName = administratorName
        self.locale = locale
        self.password = password
    }

    func administrator() throws -> (NewUser, UserAddress) {
        let email = try UserAddress(administratorEmail)
        let name = try Name.checked(administratorName)
        let user = NewUser(
            email: email.text,
            normalizedEmail: email.normalized,
            domain: email.domain,
            name: name,
            profile: .administrator,
            locale: locale
        )
        return (user, email)
    }
}

/// The address of a user or mailbox as somebody typed it, and as it is compared.
struct UserAddress: Sendable {
    let text: String
    /// The form in which addresses are compared, and its domain (lower case, IDNA A-labels).
    let normalized: String
    let domain: String
    /// The normalised form without its `+tag`; nil where it has none.
    let withoutTag: String?

    /// - Throws: `AppError` (`badEmail`).
    init(_ text: String) throws {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        guard let normalized = NormalizedAddress(trimmed) else {
            throw AppError(.badEmail, ["email": trimmed.forMessages])
        }
        self.text = trimmed
        self.normalized = normalized.description
        domain = normalized.domain
        withoutTag = normalized.withoutTag?.description
    }
}

/// The keyed hashes by which an address is found.
struct AddressHashes: Sendable {
    let exact: Data
    /// Of the address without its `+tag`; nil where it has none.
    let withoutTag: Data?

    init(_ address: UserAddress, _ hasher: AddressHasher) {
        self.init(address.normalized, withoutTag: address.withoutTag, hasher)
    }

    init(_ address: NormalizedAddress, _ hasher: AddressHasher) {
        self.init(address.description, withoutTag: address.withoutTag?.description, hasher)
    }

    private init(_ address: String, withoutTag: String?, _ hasher: AddressHasher) {
        exact = Data(hasher.hash(address))
        self.withoutTag = withoutTag.map { Data(hasher.hash($0)) }
    }
}

extension WriteTransaction {
    /// Notes what an address that a record or a user has is without its tag (V5).
    func noteTag(of hashes: AddressHashes) throws {
        if let withoutTag = hashes.withoutTag { try noteTag(of: hashes.exact, withoutTag: withoutTag) }
    }
}

/// The name of a person, a role or an organisation.
enum Name {
    /// The name without white space around it.
    ///
    /// - Throws: `AppError` (`noName`) when nothing, or a control character, is left.
    static func checked(_ text: String) throws -> String {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let hasControl = trimmed.unicodeScalars.contains { CharacterSet.controlCharacters.contains($0) }
        guard !trimmed.isEmpty, !hasControl, trimmed.utf8.count <= 1000 else { throw AppError(.noName) }
        return trimmed
    }
}

extension String {
    /// What somebody typed, fit to be quoted in a message: no control characters, and not endless.
    var forMessages: String {
        String(
            String.UnicodeScalarView(unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(120))
        )
    }
}
