import Foundation

/// Composes one message: who is in which header, then the bytes.
struct SampleComposer {
    private struct Fields {
        var from: [SampleAddress] = []
        var sender: SampleAddress?
        var replyTo: [SampleAddress] = []
        var to: [SampleAddress] = []
        var cc: [SampleAddress] = []
        var bcc: [SampleAddress] = []
        /// The name of the group in which all of `to` stand.
        var group: String?

        var all: [SampleAddress] { from + [sender].compactMap { $0 } + replyTo + to + cc + bcc }
    }

    let people: SamplePeople
    let index: Int
    var random: SeededRandom

    /// The message, answering `earlier` now and then.
    mutating func compose(isAssociated: Bool, earlier: SampleMessage?) -> SampleMessage {
        let date = Date(timeIntervalSince1970: Double(1_672_531_200 + index * 7919 + random.below(7000)))
        let isNewsletter = !isAssociated && random.chance(0.15)
        let isOutgoing = !isNewsletter && random.chance(0.3)
        var fields = isOutgoing ? outgoing(isAssociated: isAssociated) : incoming(isAssociated: isAssociated)
        let language = random.chance(0.6) ? SampleText.Language.japanese : .english
        let charset = charset(for: language)
        var subject = SampleText.subject(language, &random)
        var extra: [String] = []
        var remark: String?
        if !isAssociated, !people.contacts.isEmpty, random.chance(0.25) {
            (remark, extra) = nearMiss(&fields, subject: &subject)
        }
        if isNewsletter {
            extra += [
                "List-Unsubscribe: <https://letters.example/u/\(random.token(12))>", "Precedence: bulk",
                "List-Id: <weekly.letters.example>",
            ]
        }

        let messageID = random.chance(0.95) ? "<\(random.token(20))@mail.example>" : nil
        var lines = ["Received: from mx.example by imap.example; \(SampleHeader.date(date))"]
        if isOutgoing { lines = [] }
        lines += addressLines(fields, charset: charset)
        lines.append("Subject: \(SampleHeader.words(subject, charset: charset))")
        if random.chance(0.98) { lines.append("Date: \(SampleHeader.date(date))") }
        if let messageID { lines.append("Message-ID: \(messageID)") }
        if let earlier = earlier?.messageID, random.chance(0.3) {
            lines += ["In-Reply-To: \(earlier)", "References: <\(random.token(16))@mail.example>\r\n \(earlier)"]
        }
        lines += extra
        var head = Array(lines.joined(separator: "\r\n").utf8) + Array("\r\n".utf8)
        if random.chance(0.04) { head = brokenHeaders() + head }

        let text = SampleText.body(language, &random) + (remark.map { "\r\n\($0)\r\n" } ?? "")
        let body = SampleBody(text: text, language: language, charset: charset)
        let raw = head + body.bytes(isNewsletter: isNewsletter, &random)
        return SampleMessage(
            folder: folder(isOutgoing: isOutgoing, isNewsletter: isNewsletter, language: language),
            raw: raw,
            correspondents: Set(fields.all.map(\.normalized)),
            isAssociated: fields.all.contains { people.known.contains($0.normalized) },
            internalDate: date,
            messageID: messageID
        )
    }

    private mutating func charset(for language: SampleText.Language) -> SampleCharset {
        switch language {
        case .japanese: random.pick([.utf8, .utf8, .utf8, .iso2022JP, .iso2022JP, .shiftJIS, .eucJP])
        case .english: random.pick([.utf8, .utf8, .latin1])
        }
    }

    private mutating func folder(
        isOutgoing: Bool,
        isNewsletter: Bool,
        language: SampleText.Language
    ) -> String {
        if isOutgoing {
            return random.chance(0.06)
                ? SampleFolder.drafts : random.chance(0.06) ? SampleFolder.trash : SampleFolder.sent
        }
        if random.chance(isNewsletter ? 0.3 : 0.02) { return SampleFolder.junk }
        return switch random.below(20) {
        case 0, 1: SampleFolder.trash
        case 2, 3, 4: SampleFolder.archive
        case 5, 6: language == .japanese ? SampleFolder.invoices : SampleFolder.archive
        default: SampleFolder.inbox
        }
    }

    private mutating func strangers(upTo count: Int) -> [SampleAddress] {
        (0..<random.below(count + 1)).map { _ in people.stranger(&random) }
    }

    private mutating func incoming(isAssociated: Bool) -> Fields {
        var fields = Fields(from: [people.stranger(&random)], to: [people.owner(&random)], cc: strangers(upTo: 2))
        if random.chance(0.1) { fields.replyTo = [people.stranger(&random)] }
        guard isAssociated else { return fields }
        let contact = people.contact(&random)
        switch random.below(12) {
        case 0: fields.to.append(contact)
        case 1: fields.cc.append(contact)
        case 2: fields.replyTo = [contact]
        case 3: fields.sender = contact
        case 4:
            fields.group = "Project team"
            fields.to = [contact, people.stranger(&random)]
        case 5: fields.bcc = [contact]
        default: fields.from = [contact]
        }
        return fields
    }

    private mutating func outgoing(isAssociated: Bool) -> Fields {
        var fields = Fields(from: [people.owner(&random)], to: [people.stranger(&random)], cc: strangers(upTo: 3))
        guard isAssociated else { return fields }
        let contact = people.contact(&random)
        switch random.below(8) {
        case 0: fields.bcc = [contact]
        case 1: fields.cc.append(contact)
        case 2:
            fields.group = "お客様各位"
            fields.to = [people.stranger(&random), contact]
        case 3: fields.to.append(contact)
        default: fields.to = [contact]
        }
        return fields
    }

    /// Puts a contact's address where it does not associate: a line of the body, or lines of the header.
    private mutating func nearMiss(_ fields: inout Fields, subject: inout String) -> (String?, [String]) {
        let address = SampleAddress.normalize(random.pick(people.contacts))
        switch random.below(7) {
        case 0:
            return ("> From: \(address)\r\n> To: \(people.owner)", [])
        case 1:
            fields.cc.append(SampleAddress(name: "\(address)", address: random.pick(people.strangers)))
        case 2:
            fields.cc.append(SampleAddress(name: nil, address: "\(address).lookalike.example"))
        case 3:
            fields.cc.append(SampleAddress(name: nil, address: "x\(address)"))
        case 4:
            return (nil, ["Resent-To: \(address)", "Resent-From: \(address)"])
        case 5:
            subject = "FW: \(address)"
        default:
            return (nil, ["X-Original-To: \(address)", "Delivered-To: \(address)"])
        }
        return (nil, [])
    }

    private mutating func addressLines(_ fields: Fields, charset: SampleCharset) -> [String] {
        var lines = ["From: \(SampleHeader.list(fields.from, charset: charset))"]
        if let sender = fields.sender { lines.append("Sender: \(SampleHeader.mailbox(sender, charset: charset))") }
        if !fields.replyTo.isEmpty { lines.append("Reply-To: \(SampleHeader.list(fields.replyTo, charset: charset))") }
        let to = SampleHeader.list(fields.to, charset: charset)
        if let group = fields.group {
            lines.append("To: \(SampleHeader.words(group, charset: charset)): \(to);")
        } else {
            lines.append("\(random.pick(["To", "To", "To", "TO", "to"])): \(to)")
        }
        if !fields.cc.isEmpty {
            lines.append("\(random.pick(["Cc", "CC"])): \(SampleHeader.list(fields.cc, charset: charset))")
        }
        if !fields.bcc.isEmpty { lines.append("Bcc: \(SampleHeader.list(fields.bcc, charset: charset))") }
        return lines
    }

    private mutating func brokenHeaders() -> [UInt8] {
        let line: [UInt8] =
            switch random.below(4) {
            case 0: Array("X-Scanner\u{7}: \u{1}\u{2}".utf8)
            case 1: Array("X-Note: ".utf8) + [0x93, 0xFA, 0x96, 0x7B, 0xFF, 0xFE]
            case 2: Array("X-Long: ".utf8) + [UInt8](repeating: 0x61, count: 3000)
            default: Array("MIME-Version: 1.0 (".utf8)
            }
        return line + Array("\r\n".utf8)
    }
}
