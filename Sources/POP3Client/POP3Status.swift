/// The first line of an answer (RFC 1939, 3): `+OK`, `-ERR`, or, while signing in, `+ ` and a challenge (RFC 5034, 4).
struct POP3Status: Sendable, Equatable {
    enum Indicator: Sendable, Equatable {
        case ok
        case error
        case challenge
    }

    let indicator: Indicator
    /// What stands in brackets before the text, in capitals (RFC 2449, 8).
    let responseCode: String?

    var isOK: Bool { indicator == .ok }

    /// Whether trying again later may help (RFC 2449, 8.1; RFC 3206, 4).
    var isTemporary: Bool {
        guard let responseCode else { return false }
        return responseCode == "IN-USE" || responseCode == "LOGIN-DELAY" || responseCode.hasPrefix("SYS/TEMP")
    }

    /// Reads a line without its end.
    ///
    /// - Throws: ``POP3Error`` of code `invalidResponse`.
    init(_ line: String) throws(POP3Error) {
        let word = line.prefix { $0 != " " }
        switch word.uppercased() {
        case "+OK": indicator = .ok
        case "-ERR": indicator = .error
        case "+": indicator = .challenge
        default: throw POP3Error(.invalidResponse, "an answer is neither good nor bad")
        }
        let text = line[word.endIndex...].drop { $0 == " " }
        guard text.first == "[", let end = text.firstIndex(of: "]") else {
            responseCode = nil
            return
        }
        responseCode = text[..<end].dropFirst().uppercased()
    }
}
