/// The encoding of mailbox names in IMAP4rev1 (RFC 3501, 5.1.3).
enum ModifiedUTF7 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,".utf8)

    private static let values: [UInt8: UInt32] = Dictionary(
        uniqueKeysWithValues: zip(alphabet, 0...)
    )

    static func encode(_ text: String) -> [UInt8] {
        var encoded: [UInt8] = []
        var shifted: [UInt16] = []
        func flush() {
            guard !shifted.isEmpty else { return }
            encoded.append(UInt8(ascii: "&"))
            var bits: UInt32 = 0
            var count = 0
            for unit in shifted {
                bits = bits << 16 | UInt32(unit)
                count += 16
                while count >= 6 {
                    count -= 6
                    encoded.append(alphabet[Int(bits >> UInt32(count) & 0x3F)])
                }
                bits &= (1 << UInt32(count)) - 1
            }
            if count > 0 { encoded.append(alphabet[Int(bits << UInt32(6 - count) & 0x3F)]) }
            encoded.append(UInt8(ascii: "-"))
            shifted.removeAll()
        }
        for scalar in text.unicodeScalars {
            if (0x20...0x7E).contains(scalar.value) {
                flush()
                encoded.append(UInt8(truncatingIfNeeded: scalar.value))
                if scalar == "&" { encoded.append(UInt8(ascii: "-")) }
            } else {
                shifted.append(contentsOf: UTF16.encode(scalar).map(Array.init) ?? [])
            }
        }
        flush()
        return encoded
    }

    /// The decoded name, or nil where the bytes are not modified UTF-7.
    static func decode(_ bytes: [UInt8]) -> String? {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "&") else {
                units.append(UInt16(byte))
                continue
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: "-")) else { return nil }
            if end == rest.startIndex {
                units.append(UInt16(UInt8(ascii: "&")))
            } else {
                guard let shifted = unshift(rest[..<end]) else { return nil }
                units.append(contentsOf: shifted)
            }
            rest = rest[(end + 1)...]
        }
        return String(validating: units, as: UTF16.self)
    }

    private static func unshift(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        var units: [UInt16] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            guard let value = values[byte] else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 16 {
                count -= 16
                units.append(UInt16(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= (1 << UInt32(count)) - 1
            }
        }
        return count < 6 && bits == 0 ? units : nil
    }
}
