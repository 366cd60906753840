import Testing

@testable import SASL

@Suite("SCRAM-SHA-256 (RFC 5802, RFC 7677)")
struct ScramTests {
    private static let nonce = "rOprNGfwEbeRWgbNEkqO"
    private static let serverFirst = "r=\(nonce)%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    private static let serverFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

    private static func begin(authorizeAs: String? = nil) throws -> SASLExchange {
        try SASLExchange(
            .scramSHA256,
            .password(username: "user", password: "pencil", authorizeAs: authorizeAs),
            nonce: nonce
        )
    }

    private static func text(_ action: SASLExchange.Action) -> String? {
        guard case .respond(let message) = action else { return nil }
        return String(decoding: message.bytes, as: UTF8.self)
    }

    @Test("The exchange of RFC 7677, 3")
    func example() throws {
        var exchange = try Self.begin()
        #expect(exchange.initialResponse?.bytes == Array("n,,n=user,r=\(Self.nonce)".utf8))
        #expect(
            Self.text(exchange.receive(Array(Self.serverFirst.utf8)))
                == "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        )
        #expect(throws: SASLError(.serverNotProven)) { try exchange.succeed() }
        #expect(Self.text(exchange.receive(Array(Self.serverFinal.utf8))) == "")
        try exchange.succeed()
        #expect(exchange.receive(Array(Self.serverFinal.utf8)) == .abort(SASLError(.invalidChallenge)))
    }

    @Test("Whose mailbox it is about, and signs in names, are told as RFC 5802 writes them")
    func names() throws {
        let other = try Self.begin(authorizeAs: "a,b=c")
        #expect(other.initialResponse?.bytes == Array("n,a=a=2Cb=3Dc,n=user,r=\(Self.nonce)".utf8))
        let named = try SASLExchange(
            .scramSHA256,
            .password(username: "=u,ser", password: "p"),
            nonce: Self.nonce
        )
        #expect(named.initialResponse?.bytes == Array("n,,n==3Du=2Cser,r=\(Self.nonce)".utf8))
        var exchange = other
        let answer = try #require(Self.text(exchange.receive(Array(Self.serverFirst.utf8))))
        // What was said of it at first is bound to the proof: n,a=a=2Cb=3Dc,
        #expect(answer.hasPrefix("c=bixhPWE9MkNiPTNEYyw=,r="))
    }

    @Test("Every exchange has a nonce of its own")
    func nonces() {
        let nonces = Set((0..<100).map { _ in ScramExchange.makeNonce() })
        #expect(nonces.count == 100)
        #expect(nonces.allSatisfy { $0.count == 24 && !$0.contains(",") })
    }

    @Test(
        "A first message that is none ends the exchange",
        arguments: [
            "", "r=\(nonce)", "r=\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==", "r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=other\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=\(nonce)x,s=,i=4096", "r=\(nonce)x,s=!,i=4096",
            "r=\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=", "r=\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096",
            "r=\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=+4096", "r=\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x",
            "m=must,r=\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "s=W22ZaJ0SNY7soEsUEjb6gQ==,r=\(nonce)x,i=4096",
            "r=\(nonce)\u{1},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            "r=\(nonce)" + String(repeating: "x", count: 5000) + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "e=other-error",
        ]
    )
    func brokenFirst(message: String) throws {
        var exchange = try Self.begin()
        #expect(exchange.receive(Array(message.utf8)) == .abort(SASLError(.invalidChallenge)))
        #expect(throws: SASLError(.serverNotProven)) { try exchange.succeed() }
        // Nor does it go on afterwards.
        #expect(exchange.receive(Array(Self.serverFirst.utf8)) == .abort(SASLError(.invalidChallenge)))
    }

    @Test("Bytes that are no UTF-8 end the exchange")
    func brokenText() throws {
        var exchange = try Self.begin()
        #expect(exchange.receive(Array(Self.serverFirst.utf8) + [0xFF]) == .abort(SASLError(.invalidChallenge)))
    }

    @Test(
        "So few iterations that the password could be guessed, or too many to compute, are not done",
        arguments: ["0", "1", "4095", "1000001", "4294967296", "99999999999999999999"]
    )
    func iterations(count: String) throws {
        var exchange = try Self.begin()
        let message = "r=\(Self.nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=\(count)"
        #expect(exchange.receive(Array(message.utf8)) == .abort(SASLError(.iterationCount)))
    }

    @Test(
        "A server that does not prove that it knows the password is not believed",
        arguments: [
            ("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", SASLError.Code.serverNotProven),
            ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==", .serverNotProven), ("v=", .serverNotProven),
            ("v=!", .invalidChallenge), ("", .invalidChallenge), ("x=1", .invalidChallenge),
            (serverFirst, .invalidChallenge),
        ]
    )
    func unproven(message: String, code: SASLError.Code) throws {
        var exchange = try Self.begin()
        _ = exchange.receive(Array(Self.serverFirst.utf8))
        #expect(exchange.receive(Array(message.utf8)) == .abort(SASLError(code)))
        #expect(throws: SASLError(.serverNotProven)) { try exchange.succeed() }
        #expect(exchange.receive(Array(Self.serverFinal.utf8)) == .abort(SASLError(.invalidChallenge)))
    }

    @Test("A server that says why it refuses is answered with nothing, and not believed if it then says yes")
    func refusal() throws {
        var exchange = try Self.begin()
        #expect(exchange.refusal == .mechanism)
        _ = exchange.receive(Array(Self.serverFirst.utf8))
        #expect(exchange.refusal == .credentials)
        #expect(Self.text(exchange.receive(Array("e=invalid-proof".utf8))) == "")
        #expect(throws: SASLError(.serverNotProven)) { try exchange.succeed() }
    }

    @Test(
        "Names and passwords are prepared as RFC 4013, 3 shows",
        arguments: [
            ("I\u{AD}X", "IX"), ("user", "user"), ("USER", "USER"), ("\u{AA}", "a"), ("\u{2168}", "IX"), ("", ""),
            ("a\u{A0}b", "a b"), ("パスワード", "パスワード"), ("ﾊﾟｽ", "パス"),
        ]
    )
    func prepares(text: String, prepared: String) throws {
        #expect(Array(try SASLprep.prepare(text).unicodeScalars) == Array(prepared.unicodeScalars))
    }

    @Test(
        "What RFC 4013 prohibits is refused",
        arguments: ["\u{7}", "a\u{7F}", "\u{627}\u{31}", "\u{E000}", "\u{200E}", "\u{FFFD}", "\u{2028}"]
    )
    func prohibits(text: String) {
        #expect(throws: SASLError(.prohibitedCharacter)) { try SASLprep.prepare(text) }
        #expect(throws: SASLError(.prohibitedCharacter)) {
            try SASLExchange(.scramSHA256, .password(username: "user", password: text))
        }
    }
}
