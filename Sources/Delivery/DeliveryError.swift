/// Why an event could not be delivered.
package struct DeliveryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Raw values are kept in the database and name the sentence that a person reads.
    package enum Code: String, Sendable, CaseIterable {
        /// No address of the receiver may be connected to.
        case network
        /// The receiver's name has no address.
        case name
        /// The receiver cannot be reached, or breaks off.
        case connect
        case timeout
        case certificate
        /// The receiver's answer cannot be understood.
        case answer
        /// The receiver answered that it did not take it.
        case status
        /// The mail server refuses the sign-in.
        case auth
        /// A defect of the program, or an address that is none.
        case `internal`
    }

    package let code: Code
    /// What the receiver answered: of HTTP or SMTP.
    package let status: Int?

    package init(_ code: Code, status: Int? = nil) {
        self.code = code
        self.status = status
    }

    package var description: String { status.map { "\(code.rawValue) \($0)" } ?? code.rawValue }
}
