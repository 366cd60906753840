import MailkeepApp
import MailkeepModel

/// What the page of a message shows.
struct MessagePage {
    struct Attachment {
        let attachmentAddress: String
        let attachmentName: String
        let attachmentFacts: String
    }

    struct HeaderLine {
        let headerName: String
        let headerValue: String
    }

    struct People {
        let fieldName: String
        let fieldPeople: String
    }

    struct Ground {
        let groundText: String
    }

    /// What the mailbox's server said of the sender.
    struct Verdict {
        let verdictText: String
        let verdictClass: String
    }

    let backAddress: String
    let backText: String
    let subject: String
    let people: [People]
    let sentAt: Moment?
    let sizeText: String
    let seenIn: String
    let verdicts: [Verdict]
    let hasVerdicts: Bool
    /// What the owner wrote themselves no server has checked.
    let isUnchecked: Bool
    let text: String
    let hasText: Bool
    let hasHTML: Bool
    let htmlAddress: String
    let rawAddress: String
    let attachments: [Attachment]
    let hasAttachments: Bool
    let grounds: [Ground]
    let openedBy: [String]
    let isOfRecord: Bool
    let header: [HeaderLine]
    let isHeaderCut: Bool
    let isCut: Bool
    let problems: [String]
    let hasProblems: Bool
    let sha256: String

    init(_ message: MessageShape, at source: MessageSource, _ presenter: Presenter) {
        let wording = presenter.wording
        let list = MessagePages.address(of: source)
        let address = "\(list)/\(message.email.message_id)"
        switch source {
        case .record(let record):
            backAddress = RecordPages.address(record)
            backText = wording.text(.messageBack)
            isOfRecord = true
        case .ownMail:
            backAddress = MyMailPage.address
            backText = wording.text(.mailTitle)
            isOfRecord = false
        }
        subject = message.subject.isEmpty ? wording.text(.mailNoSubject) : message.subject
        people = [
            (PageWord.messageFrom, message.from), (.messageSender, message.sender), (.messageReplyTo, message.reply_to),
            (.messageTo, message.to), (.messageCc, message.cc), (.messageBcc, message.bcc),
        ].compactMap { name, parties in
            guard !parties.isEmpty else { return nil }
            let shown = parties.prefix(50).map { $0.user_name.isEmpty ? $0.email : "\($0.user_name) <\($0.email)>" }
            let more = parties.count > 50 ? " …" : ""
            return People(fieldName: wording.text(name), fieldPeople: shown.joined(separator: ", ") + more)
        }
        sentAt = presenter.moment(message.date ?? message.email.time)
        sizeText = presenter.size(message.email.size)
        seenIn = MailLine(message.email, at: list, presenter).place
        verdicts = presenter.verdicts(message.authentication_results)
        hasVerdicts = !verdicts.isEmpty
        isUnchecked = verdicts.isEmpty && !message.email.sent
        text = message.text
        hasText = message.text.contains { !$0.isWhitespace }
        hasHTML = message.has_html
        htmlAddress = "\(address)/html"
        rawAddress = "\(address)/raw"
        attachments = message.attachments.map { attachment in
            Attachment(
                attachmentAddress: "\(address)/attachments/\(attachment.path)",
                attachmentName: attachment.name ?? wording.text(.mailUnnamed),
                attachmentFacts: "\(attachment.content_type), \(presenter.size(Int64(attachment.size)))"
            )
        }
        hasAttachments = !attachments.isEmpty
        grounds = message.visible_in.map { place in
            let time = presenter.moment(place.backup_time)?.shown ?? ""
            let values = ["user": place.owner.name, "address": place.mailbox, "time": time]
            return Ground(groundText: wording.text(key: "ground.\(place.ground)", values))
        }
        openedBy = message.record_opened_by.map { presenter.association($0) }
        header = message.header.map { HeaderLine(headerName: $0.name, headerValue: $0.value) }
        isHeaderCut = message.header_cut
        isCut = message.cut
        problems = message.diagnostics.map { problem in
            problem.part.map { "\(problem.code) (\($0))" } ?? problem.code
        }
        hasProblems = !problems.isEmpty
        sha256 = message.email.sha256
    }
}

extension Presenter {
    /// What a server's Authentication-Results (RFC 8601) say of SPF, DKIM and DMARC: a forged sender associates like a
    /// true one, so that readers must be told.
    func verdicts(_ results: String?) -> [MessagePage.Verdict] {
        guard let results else { return [] }
        var found: [MessagePage.Verdict] = []
        for clause in results.split(separator: ";").dropFirst().prefix(20) {
            let words = clause.split(whereSeparator: \.isWhitespace)
            guard let first = words.first else { continue }
            let halves = first.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let (method, result) = (halves[0].lowercased(), halves[1].lowercased().prefix { $0.isLetter })
            guard ["spf", "dkim", "dmarc", "arc"].contains(method), !result.isEmpty else { continue }
            let isGood = result == "pass"
            let isBad = ["fail", "softfail", "permerror", "policy"].contains(String(result))
            found.append(
                MessagePage.Verdict(
                    verdictText: "\(method.uppercased()): \(result)",
                    verdictClass: isGood ? "pass" : isBad ? "fail" : "none"
                )
            )
        }
        return found
    }
}
