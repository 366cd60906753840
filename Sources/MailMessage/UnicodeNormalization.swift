import CICU

/// Unicode normalisation.
enum UnicodeNormalization {
    /// The text in normalisation form C.
    static func composed(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        let units = Array(text.utf16)
        var status: Int32 = 0
        guard let normalizer = mailkeep_unorm2_getNFCInstance(&status), let length = Int32(exactly: units.count) else {
            return text
        }
        var result = [UInt16](repeating: 0, count: units.count + 16)
        while true {
            status = 0
            let capacity = Int32(clamping: result.count)
            let needed = mailkeep_unorm2_normalize(normalizer, units, length, &result, capacity, &status)
            if status == mailkeep_icu_buffer_overflow, needed > capacity {
                result = [UInt16](repeating: 0, count: Int(needed))
                continue
            }
            guard status <= 0, needed >= 0 else { return text }
            return CharsetConverter.text(of: Array(result.prefix(Int(needed))))
        }
    }
}
