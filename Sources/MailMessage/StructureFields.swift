/// The fields of a header that tell of its part's structure; of several of one name the first.
struct StructureFields {
    /// The longest value that is read whole, in bytes.
    private static let maximumLength = 16_384
    private static let names: [StaticString] = [
        "content-type", "content-disposition", "content-transfer-encoding", "content-id",
    ]

    /// The fields, each on one line.
    private(set) var bytes: [UInt8] = []
    private(set) var isTypeRepeated = false
    private var found: Set<Int> = []

    mutating func take(_ field: HeaderField, _ scanner: HeaderScanner) {
        guard scanner.bytes[field.name.lowerBound].lowercased == UInt8(ascii: "c"),
            let index = Self.names.firstIndex(where: { scanner.isNamed($0, field) })
        else { return }
        guard found.insert(index).inserted else {
            if index == 0 { isTypeRepeated = true }
            return
        }
        bytes += scanner.bytes[field.name] + ": ".utf8 + scanner.value(of: field).prefix(Self.maximumLength)
        bytes.append(ASCII.lineFeed)
    }
}
