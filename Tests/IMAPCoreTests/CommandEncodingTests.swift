import IMAPCore
import NIOCore
import Testing

@Suite("Commands")
struct CommandEncodingTests {
    private func encode(
        _ command: IMAPCommand,
        literals: IMAPCommandEncoder.Literals = .synchronizing
    ) throws -> [String] {
        try IMAPCommandEncoder(literals: literals).encode(command, tag: "A1").map { String(buffer: $0) }
    }

    @Test(
        "Commands are written as servers take them",
        arguments: [
            (.capability, "A1 CAPABILITY"),
            (.startTLS, "A1 STARTTLS"),
            (.login(username: "a b", password: "p\"w\\d"), "A1 LOGIN \"a b\" \"p\\\"w\\\\d\""),
            (.enable("UTF8=ACCEPT"), "A1 ENABLE UTF8=ACCEPT"),
            (.list(returning: []), "A1 LIST \"\" \"*\""),
            (.list(returning: ["SPECIAL-USE"]), "A1 LIST \"\" \"*\" RETURN (SPECIAL-USE)"),
            (.examine(IMAPMailboxName(displayName: "請求書")), "A1 EXAMINE \"&istsQmb4-\""),
            (
                .examine(IMAPMailboxName(displayName: "INBOX"), since: IMAPMailboxState(uidValidity: 7, modSeq: 90)),
                "A1 EXAMINE \"INBOX\" (QRESYNC (7 90))"
            ),
            (
                .fetchHeaders(IMAPUIDSet(ranges: [1...4, 7...UInt32.max]), fields: ["From", "X-Spam_Status"]),
                "A1 UID FETCH 1:4,7:4294967295 "
                    + "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (From X-Spam_Status)])"
            ),
            (.fetchBodies(IMAPUIDSet([9, 3, 4, 5])), "A1 UID FETCH 3:5,9 (UID FLAGS INTERNALDATE BODY.PEEK[])"),
            (.fetchUIDs(IMAPUIDSet([9])), "A1 UID FETCH 9 (UID)"),
            (.searchUIDs(IMAPUIDSet(ranges: [1...9])), "A1 UID SEARCH RETURN (ALL) UID 1:9"),
            (.create(IMAPMailboxName(displayName: "請求書")), "A1 CREATE \"&istsQmb4-\""),
            (.subscribe(IMAPMailboxName(displayName: "A b")), "A1 SUBSCRIBE \"A b\""),
            (.logout, "A1 LOGOUT"),
        ] as [(IMAPCommand, String)]
    )
    func writes(command: IMAPCommand, expected: String) throws {
        #expect(try encode(command) == [expected + "\r\n"])
    }

    @Test("What cannot be quoted is a literal, for which the server is asked unless it said that need not be")
    func literals() throws {
        let command = IMAPCommand.login(username: "ü", password: "秘")
        #expect(try encode(command) == ["A1 LOGIN {2}\r\n", "ü {3}\r\n", "秘\r\n"])
        #expect(try encode(command, literals: .nonSynchronizing) == ["A1 LOGIN {2+}\r\nü {3+}\r\n秘\r\n"])
    }

    @Test("A message to be appended is announced with its flags, its date and its length")
    func append() throws {
        #expect(try encode(.append(IMAPMailboxName(displayName: "INBOX"))) == ["A1 APPEND \"INBOX\""])
        let encoder = IMAPCommandEncoder()
        func written(_ flags: [String], _ date: Int64?, isSynchronizing: Bool = true) throws -> String {
            let head = IMAPAppendHead(flags: flags, internalDate: date, size: 310)
            return String(buffer: try encoder.encode(head, isSynchronizing: isSynchronizing))
        }
        #expect(
            try written(["\\Seen", "$Forwarded"], 837_596_665_999)
                == " (\\Seen $Forwarded) \"17-Jul-1996 09:44:25 +0000\" {310}\r\n"
        )
        #expect(try written([], nil, isSynchronizing: false) == " {310+}\r\n")
        for flag in ["", "\\", "a b", "a)", "\\\\Seen", "a\r\n", "é", "x{1}"] {
            #expect(throws: IMAPEncodingError(.forbiddenCharacter)) { try written([flag], nil) }
        }
    }

    @Test(
        "A date is written so that it is read as the same second, and left out where its year has not four digits",
        arguments: [
            (0, "01-Jan-1970 00:00:00 +0000"), (951_782_399_000, "28-Feb-2000 23:59:59 +0000"),
            (951_782_400_000, "29-Feb-2000 00:00:00 +0000"), (1_735_689_599_000, "31-Dec-2024 23:59:59 +0000"),
            (-1, "31-Dec-1969 23:59:59 +0000"), (-62_135_596_800_000, "01-Jan-0001 00:00:00 +0000"),
            (253_402_300_799_999, "31-Dec-9999 23:59:59 +0000"), (253_402_300_800_000, nil),
            (-62_135_596_800_001, nil), (.max, nil), (.min, nil),
        ] as [(Int64, String?)]
    )
    func dates(milliseconds: Int64, expected: String?) throws {
        let head = IMAPAppendHead(flags: [], internalDate: milliseconds, size: 1)
        let written = String(buffer: try IMAPCommandEncoder().encode(head, isSynchronizing: true))
        #expect(written == (expected.map { " \"\($0)\"" } ?? "") + " {1}\r\n")
    }

    @Test("A mechanism is named, with what the client says first where that may come along")
    func authenticate() throws {
        let response = IMAPAuthenticationResponse(Array("\0tim\0tanstaaftanstaaf".utf8))
        #expect(
            try encode(.authenticate(mechanism: "PLAIN", initialResponse: response))
                == ["A1 AUTHENTICATE PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n"]
        )
        #expect(
            try encode(.authenticate(mechanism: "SCRAM-SHA-256", initialResponse: nil))
                == ["A1 AUTHENTICATE SCRAM-SHA-256\r\n"]
        )
        var buffer = ByteBuffer()
        IMAPAuthenticationResponse(Array("b\0a\0秘".utf8)).write(to: &buffer)
        #expect(String(buffer: buffer) == "YgBhAOenmA==")
        for name in ["", "plain", "PLAIN\r\nA2 LOGOUT", "PLAIN =", String(repeating: "X", count: 21)] {
            #expect(throws: IMAPEncodingError(.forbiddenCharacter)) {
                try encode(.authenticate(mechanism: name, initialResponse: nil))
            }
        }
    }

    @Test("CR, LF and NUL never leave", arguments: ["a\r\nA2 DELETE INBOX", "a\n", "a\r", "a\0"])
    func forbiddenCharacters(text: String) {
        let commands: [IMAPCommand] = [
            .login(username: text, password: "p"), .login(username: "u", password: text),
            .examine(IMAPMailboxName(bytes: Array(text.utf8))),
        ]
        for command in commands {
            #expect(throws: IMAPEncodingError(.forbiddenCharacter)) { try encode(command) }
        }
    }

    @Test("Only names can be asked for as header fields", arguments: ["", "a)", "a b", "a\r\n", "Céline", "\"a\""])
    func fieldNames(name: String) {
        #expect(throws: IMAPEncodingError(.invalidFieldName)) {
            try encode(.fetchHeaders(IMAPUIDSet([1]), fields: ["From", name]))
        }
    }

    @Test("Nothing that describes a command shows its secrets")
    func redaction() throws {
        let secret = "canary-secret"
        let response = IMAPAuthenticationResponse(Array(secret.utf8))
        let commands: [IMAPCommand] = [
            .login(username: secret, password: secret),
            .authenticate(mechanism: "PLAIN", initialResponse: response),
        ]
        for command in commands {
            var dumped = ""
            dump(command, to: &dumped)
            for text in ["\(command)", String(reflecting: command), dumped] {
                #expect(!text.contains(secret) && !text.contains("Y2FuYXJ5"))
            }
        }
    }
}

@Suite("Sets of identifiers")
struct UIDSetTests {
    @Test(
        "Sets are written as short as can be",
        arguments: [
            ([], ""), ([1], "1"), ([3, 1, 2, 2], "1:3"), ([5, 1, 3], "1,3,5"),
            ([UInt32.max, UInt32.max - 1], "4294967294:4294967295"),
        ] as [([UInt32], String)]
    )
    func writes(uids: [UInt32], expected: String) {
        #expect(IMAPUIDSet(uids).description == expected)
    }

    @Test("A set of everything costs nothing")
    func everything() {
        let set = IMAPUIDSet(ranges: [1...UInt32.max, 5...6, UInt32.max...UInt32.max])
        #expect(set.ranges == [1...UInt32.max])
        #expect(set.count == 4_294_967_295)
        #expect(set.contains(1) && set.contains(.max) && !set.contains(0))
        #expect(set.clamped(to: 3...4).ranges == [3...4])
    }

    @Test("A split set is the same set in parts")
    func split() {
        let set = IMAPUIDSet(ranges: [1...2, 4...5, 7...8])
        #expect(set.split(rangesPerSet: 2).map(\.description) == ["1:2,4:5", "7:8"])
        #expect(set.contains(5) && !set.contains(6))
    }
}
