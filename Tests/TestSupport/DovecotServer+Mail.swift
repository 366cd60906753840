package import Foundation
import Synchronization

extension DovecotServer {
    /// Creates a folder; levels are parted by `/`.
    package func createFolder(_ name: String, user: String) throws {
        try doveadm("mailbox", "create", "-u", user, name)
    }

    /// Puts raw messages into a folder by writing files, which thousands can be within a second.
    ///
    /// - Parameters:
    ///   - messages: the exact bytes, with CRLF at the ends of lines.
    ///   - date: the internal date, in whole seconds.
    package func deliver(
        _ messages: [[UInt8]],
        to folder: String = "INBOX",
        user: String,
        date: Date = Date(timeIntervalSince1970: 1_700_000_000)
    ) throws {
        if folder == "INBOX" { try openInbox(user: user) }
        let directory = try maildir(of: folder, user: user)
        for message in messages { try write(message, to: directory, date: date) }
    }

    /// Puts a sample mailbox into a user's, in its folders, oldest first.
    package func deliver(_ mailbox: SampleMailbox, user: String) throws {
        try openInbox(user: user)
        let existing = try doveadm("mailbox", "list", "-u", user).split(separator: "\n").map(String.init)
        for (folder, messages) in Dictionary(grouping: mailbox.messages, by: \.folder) {
            if !existing.contains(folder) { try createFolder(folder, user: user) }
            let directory = try maildir(of: folder, user: user)
            for message in messages { try write(message.raw, to: directory, date: message.internalDate) }
        }
    }

    private func write(_ message: [UInt8], to maildir: URL, date: Date) throws {
        let seconds = Int(date.timeIntervalSince1970)
        let number = String(format: "%010d", Self.deliveries.next())
        let url = maildir.appending(path: "new/\(seconds).M\(number)P1.test,S=\(message.count)")
        try Data(message).write(to: url)
        let times = [timeval](repeating: timeval(tv_sec: seconds, tv_usec: 0), count: 2)
        guard utimes(url.path, times) == 0 else { throw CocoaError(.fileWriteUnknown) }
        try own(url)
    }

    /// The name of a folder on the wire.
    package func encodedName(of folder: String, user: String) throws -> String {
        if folder == "INBOX" { return folder }
        let name = try maildir(of: folder, user: user).lastPathComponent
        return String(name.dropFirst()).replacing(".", with: "/")
    }

    /// Every message of a folder by its identifier, as another client of the server reads it.
    package func exactMessages(in folder: String = "INBOX", user: String) throws -> [UInt32: [UInt8]] {
        try fetch("BODY.PEEK[]", in: folder, user: user).mapValues(\.literal)
    }

    /// The flags of every message of a folder, as the server writes them.
    package func flags(in folder: String = "INBOX", user: String) throws -> [UInt32: String] {
        try fetch("FLAGS", in: folder, user: user).mapValues(\.line)
    }

    /// When every message of a folder came to it, in seconds since 1970.
    package func internalDates(in folder: String = "INBOX", user: String) throws -> [UInt32: Int] {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "dd-MMM-yyyy HH:mm:ss Z"
        return try fetch("INTERNALDATE", in: folder, user: user).compactMapValues { answer in
            answer.line.firstMatch(of: #/INTERNALDATE "([^"]*)"/#).flatMap { formatter.date(from: String($0.1)) }
                .map { Int($0.timeIntervalSince1970) }
        }
    }

    /// Marks every message of a folder that has a text in its header's field.
    package func mark(_ flags: [String], whereSubjectHas text: String, in folder: String, user: String) throws {
        try doveadm("flags", "add", "-u", user, flags.joined(separator: " "), "mailbox", folder, "subject", text)
    }

    /// Runs Dovecot's own administration tool on this server.
    @discardableResult
    package func doveadm(_ arguments: String...) throws -> String {
        try SystemProgram.run("doveadm", ["-c", configurationPath] + arguments)
    }

    private func openInbox(user: String) throws {
        let new = directory.url.appending(path: "mail/\(user)/Maildir/new")
        if !FileManager.default.fileExists(atPath: new.path) {
            try doveadm("mailbox", "status", "-u", user, "messages", "INBOX")
        }
    }

    private func maildir(of folder: String, user: String) throws -> URL {
        let path = try doveadm("mailbox", "path", "-u", user, folder)
        return URL(filePath: path.trimmingCharacters(in: .newlines))
    }

    private func fetch(_ item: String, in folder: String, user: String) throws -> [UInt32: BlockingIMAP.Answer] {
        guard let account = users.first(where: { $0.name == user }) else { return [:] }
        let connection = try BlockingIMAP(port: imapPort)
        try connection.command("LOGIN \"\(account.name)\" \"\(account.password)\"")
        try connection.command("EXAMINE \"\(try encodedName(of: folder, user: user))\"")
        var answers: [UInt32: BlockingIMAP.Answer] = [:]
        for answer in try connection.command("UID FETCH 1:* (UID \(item))") {
            guard let uid = answer.line.firstMatch(of: #/UID (\d+)/#).flatMap({ UInt32($0.1) }) else { continue }
            answers[uid] = answer
        }
        return answers
    }

    private static let deliveries = Counter()
}

/// Counts up, across threads.
private final class Counter: Sendable {
    private let value = Atomic(0)

    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
