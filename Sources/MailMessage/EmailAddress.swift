/// One address of a header field.
package struct EmailAddress: Sendable, Hashable {
    /// The name beside the address, decoded and on one line; nil when there is none.
    ///
    /// Anybody can write anything here.
    package let displayName: String?
    /// The addr-spec as written, decoded: without comments, routes and needless quotes, its case kept.
    ///
    /// May be something that is no address, as in `To: unknown`; then `normalized` is nil.
    package let address: String
    /// The form to compare by; nil when `address` is not one valid address.
    package let normalized: NormalizedAddress?

    /// The same address with another name.
    func named(_ name: String?) -> EmailAddress {
        EmailAddress(displayName: name, address: address, normalized: normalized)
    }
}
