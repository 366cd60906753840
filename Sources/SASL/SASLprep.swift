import CICU

/// Prepares user names and passwords so that the same text typed elsewhere is the same bytes (RFC 4013).
enum SASLprep {
    /// The prepared text, with code points allowed that Unicode 3.2 had not assigned, as for text that is compared with
    /// stored one (RFC 3454, 7).
    ///
    /// - Throws: `SASLError` (`prohibitedCharacter`).
    static func prepare(_ text: String) throws(SASLError) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var status: Int32 = 0
        guard let profile = mailkeep_usprep_openSASLprep(&status), status <= 0 else {
            throw SASLError(.prohibitedCharacter)
        }
        defer { mailkeep_usprep_close(profile) }
        let source = Array(text.utf16)
        // No character becomes more than eighteen by NFKC.
        var prepared = [UInt16](repeating: 0, count: source.count * 18)
        guard let sourceCount = Int32(exactly: source.count), let capacity = Int32(exactly: prepared.count) else {
            throw SASLError(.tooLong)
        }
        let count = mailkeep_usprep_prepare(profile, source, sourceCount, &prepared, capacity, &status)
        guard status <= 0, count >= 0, count <= capacity else { throw SASLError(.prohibitedCharacter) }
        return String(decoding: prepared.prefix(Int(count)), as: UTF16.self)
    }
}
