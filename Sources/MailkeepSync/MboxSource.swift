/// The mails of an mbox file, numbered in their order.
///
/// Quoting: mboxrd puts a `>` before every line that begins with `>`s and `From `; mboxo only before `From `; some
/// programs quote nothing. Where no mail of the file has an unquoted `From ` line, one `>` is taken away, which is right
/// for mboxrd and for nearly all of mboxo. Where one has, its writer did not quote, and every byte stands as it is: a `>`
/// too many loses less than one too few.
///
/// A file whose separators end in CRLF holds mails as they were on the mail server, whatever their lines end in
/// (`MboxWriter`).
final class MboxSource: FileSourceMails {
    var count: Int { index.mails.count }

    private let file: any FileSourceNode
    private let index: MboxSourceIndex

    /// Reads the whole file to find where its mails begin.
    ///
    /// - Throws: `SyncFailure`, `CancellationError`.
    nonisolated(nonsending) init(_ file: any FileSourceNode) async throws {
        guard !file.isFolder else { throw SyncFailure(.path, "an mbox file became a folder") }
        self.file = file
        var index = MboxSourceIndex()
        var offset: Int64 = 0
        while offset < file.size {
            try Task.checkCancellation()
            let count = Int(min(1 << 20, file.size - offset))
            try index.append(try file.read(at: offset, count: count))
            offset += Int64(count)
            await Task.yield()
        }
        try index.finish()
        self.index = index
    }

    /// Whether there is mail in it, and not just bytes of another kind: it begins with a separator or a header field.
    func holdsMail() throws -> Bool {
        guard let first = index.mails.first else { return false }
        guard !isSeparated(first) else { return true }
        let start = try file.read(at: first.range.lowerBound, count: Int(min(512, file.size - first.range.lowerBound)))
        return MboxSourceLine.isHeaderField(Array(start.prefix { $0 != UInt8(ascii: "\n") }))
    }

    private func isSeparated(_ mail: MboxSourceIndex.Mail) -> Bool { mail.separator < mail.range.lowerBound }

    func uidValidity(ofFirst count: Int) -> UInt32 { index.validities[count] }

    func mail(_ number: Int) throws -> FileSourceMail? {
        guard index.mails.indices.contains(number - 1) else { return nil }
        let mail = index.mails[number - 1]
        guard isInPlace(mail), number == count || isInPlace(index.mails[number]) else { return nil }
        let unquotes = !index.hasUnquotedLines
        return FileSourceMail(
            file: file,
            range: mail.range,
            unquotes: unquotes,
            keepsEnds: mail.keepsEnds,
            size: mail.size(unquoted: unquotes),
            receivedAt: mail.receivedAt
        )
    }

    /// Whether a mail still begins where it did: another program may have rewritten the file.
    private func isInPlace(_ mail: MboxSourceIndex.Mail) -> Bool {
        guard isSeparated(mail) else { return true }
        let from = FileSourceLines.from
        return (try? file.read(at: mail.separator, count: from.count)) == from
    }
}
