import CGMime

/// GMime, initialised; nothing of it depends on the locale, as it is only given ASCII and UTF-8.
enum GMime {
    /// Reads what is found rather than what is right; shared, as GMime only ever reads it.
    nonisolated(unsafe) static let options: OpaquePointer? = {
        initialize
        return mailkeep_gmime_lenient()
    }()

    /// Reads addresses as they should be; shared likewise.
    nonisolated(unsafe) static let strictOptions: OpaquePointer? = {
        initialize
        return mailkeep_gmime_strict()
    }()

    private static let initialize: Void = mailkeep_gmime_init()

    /// The bytes of a C string of GMime's.
    static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
        text.withMemoryRebound(to: UInt8.self, capacity: 1) { start in
            Array(UnsafeBufferPointer(start: start, count: strlen(text)))
        }
    }
}
