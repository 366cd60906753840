/// An address as a header shows it.
struct SampleAddress: Sendable {
    var name: String?
    /// As it is written, in any case and with the domain in either form.
    var address: String

    var normalized: String { SampleAddress.normalize(address) }

    /// Lower case, and the domain's labels as A-labels (RFC 5890).
    static func normalize(_ address: String) -> String {
        let parts = address.lowercased().split(separator: "@", omittingEmptySubsequences: false)
        guard let domain = parts.last, parts.count > 1 else { return address.lowercased() }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false).map { aLabel(String($0)) }
        return parts.dropLast().joined(separator: "@") + "@" + labels.joined(separator: ".")
    }

    private static func aLabel(_ label: String) -> String {
        label.utf8.allSatisfy { $0 < 0x80 } ? label : "xn--" + punycode(label)
    }

    /// RFC 3492, section 6.3.
    private static func punycode(_ label: String) -> String {
        let scalars = label.unicodeScalars.map { Int($0.value) }
        var output = label.unicodeScalars.filter(\.isASCII).map(Character.init)
        let basic = output.count
        if basic > 0 { output.append("-") }
        var (code, delta, bias, handled) = (128, 0, 72, basic)
        while handled < scalars.count, let next = scalars.filter({ $0 >= code }).min() {
            delta += (next - code) * (handled + 1)
            code = next
            for scalar in scalars {
                if scalar < code { delta += 1 }
                guard scalar == code else { continue }
                var rest = delta
                var step = 36
                while true {
                    let threshold = min(max(step - bias, 1), 26)
                    if rest < threshold { break }
                    output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
                    rest = (rest - threshold) / (36 - threshold)
                    step += 36
                }
                output.append(digit(rest))
                bias = adapted(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            code += 1
        }
        return String(output)
    }

    private static func adapted(_ delta: Int, _ points: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / points
        var offset = 0
        while delta > 455 {
            delta /= 35
            offset += 36
        }
        return offset + 36 * delta / (delta + 38)
    }

    private static func digit(_ value: Int) -> Character {
        Array("abcdefghijklmnopqrstuvwxyz0123456789")[value]
    }
}

/// Who writes to whom.
struct SamplePeople: Sendable {
    let owner: String
    let contacts: [String]
    let strangers: [String]
    /// The contacts, normalised.
    let known: Set<String>

    init(owner: String, contacts: [String], strangers: [String]) {
        let known = Set(contacts.map(SampleAddress.normalize))
        let outside = strangers.filter { !known.contains(SampleAddress.normalize($0)) }
        self.owner = owner
        self.contacts = contacts
        self.known = known
        self.strangers =
            outside.isEmpty ? ["suzuki@supplier.example", "news@letters.example", "j.doe@partner.example"] : outside
    }

    private static let japaneseNames = [
        "田中 太郎", "佐藤 花子", "鈴木 一郎", "高橋 美咲", "渡辺 健", "伊藤 さくら", "㈱みどり商事 営業部", "髙﨑 蓮",
    ]
    private static let englishNames = [
        "Jane Doe", "O'Brien, Pat", "Accounts Payable", "Dr. Kim Lee", "José García", "Sales (EMEA)", "Müller GmbH",
    ]

    /// One of the addresses in one of the forms that mean the same.
    func variant(of address: String, _ random: inout SeededRandom) -> SampleAddress {
        let written =
            switch random.below(6) {
            case 0: address.uppercased()
            case 1: address.prefix(1).uppercased() + address.dropFirst()
            case 2, 3: SampleAddress.normalize(address)
            default: address
            }
        let name: String? =
            switch random.below(4) {
            case 0: nil
            case 1: random.pick(Self.englishNames)
            default: random.pick(Self.japaneseNames)
            }
        return SampleAddress(name: name, address: written)
    }

    func stranger(_ random: inout SeededRandom) -> SampleAddress { variant(of: random.pick(strangers), &random) }

    func contact(_ random: inout SeededRandom) -> SampleAddress { variant(of: random.pick(contacts), &random) }

    func owner(_ random: inout SeededRandom) -> SampleAddress { variant(of: owner, &random) }
}
