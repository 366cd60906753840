import Crypto
import CryptoExtras
import Foundation

/// The client's side of `SCRAM-SHA-256` (RFC 5802, RFC 7677), without channel binding.
struct ScramExchange: Sendable {
    /// Fewer iterations are easily guessed against (RFC 7677, 4); more would keep us busy for a second and longer.
    static let iterations = 4096...1_000_000
    /// Bytes of a message of the server.
    private static let longestMessage = 4096

    private enum State: Sendable {
        case awaitingFirst
        case awaitingFinal(signature: Data)
        case proven
        /// The server said why it refuses.
        case refused
        case failed
    }

    /// `n`: this client does no channel binding (RFC 5802, 6).
    private let header: String
    private let firstBare: String
    private let nonce: String
    private let password: String
    private var state = State.awaitingFirst

    init(username: String, password: String, authorizeAs: String?, nonce: String) throws(SASLError) {
        header = "n,\(try authorizeAs.map { (name) throws(SASLError) in "a=\(try Self.name(name))" } ?? ""),"
        firstBare = "n=\(try Self.name(username)),r=\(nonce)"
        self.nonce = nonce
        self.password = try SASLprep.prepare(password)
    }

    /// 24 characters of which nobody knows a following one.
    static func makeNonce() -> String {
        SymmetricKey(size: .init(bitCount: 144)).withUnsafeBytes { Data($0) }.base64EncodedString()
    }

    /// A user name as a message holds it (RFC 5802, 5.1).
    private static func name(_ text: String) throws(SASLError) -> String {
        let name = try SASLprep.prepare(text)
        guard !name.isEmpty else { throw SASLError(.prohibitedCharacter) }
        return name.replacing("=", with: "=3D").replacing(",", with: "=2C")
    }

    var firstMessage: SASLMessage { SASLMessage(header + firstBare) }

    mutating func receive(_ challenge: [UInt8]) -> SASLExchange.Action {
        do throws(SASLError) {
            guard challenge.count <= Self.longestMessage, let text = String(validating: challenge, as: UTF8.self) else {
                throw SASLError(.invalidChallenge)
            }
            switch state {
            case .awaitingFirst: return .respond(try answerFirst(text))
            case .awaitingFinal(let signature): return .respond(try readFinal(text, signature))
            case .proven, .refused, .failed: throw SASLError(.invalidChallenge)
            }
        } catch {
            state = .failed
            return .abort(error)
        }
    }

    func succeed() throws(SASLError) {
        guard case .proven = state else { throw SASLError(.serverNotProven) }
    }

    var refusal: SASLRefusal {
        // Who knows of no salt has never been given what to compare with, and the password was of no matter.
        if case .awaitingFirst = state { return .mechanism }
        return .credentials
    }

    /// `r=…,s=…,i=…`; extensions may follow, but none that must be understood (RFC 5802, 5.1: `m=` comes first).
    private mutating func answerFirst(_ text: String) throws(SASLError) -> SASLMessage {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 3, let combined = Self.value("r", fields[0]), let saltText = Self.value("s", fields[1]),
            let countText = Self.value("i", fields[2]),
            combined.hasPrefix(nonce), combined.utf8.count > nonce.utf8.count,
            combined.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let salt = Data(base64Encoded: saltText), !salt.isEmpty,
            !countText.isEmpty, countText.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw SASLError(.invalidChallenge) }
        guard let count = Int(countText), Self.iterations.contains(count) else { throw SASLError(.iterationCount) }
        let binding = Data(header.utf8).base64EncodedString()
        let finalBare = "c=\(binding),r=\(combined)"
        let authMessage = Data("\(firstBare),\(text),\(finalBare)".utf8)
        let salted = try Self.salted(password, salt: salt, iterations: count)
        let clientKey = Self.hmac(salted, Data("Client Key".utf8))
        let clientSignature = Self.hmac(Data(SHA256.hash(data: clientKey)), authMessage)
        let proof = Data(zip(clientKey, clientSignature).map { $0 ^ $1 })
        state = .awaitingFinal(signature: Self.hmac(Self.hmac(salted, Data("Server Key".utf8)), authMessage))
        return SASLMessage("\(finalBare),p=\(proof.base64EncodedString())")
    }

    /// `v=…`, or `e=…` where the server refuses; extensions may follow.
    private mutating func readFinal(_ text: String, _ signature: Data) throws(SASLError) -> SASLMessage {
        let first = text.prefix { $0 != "," }
        if Self.value("e", first) != nil {
            state = .refused
            return .empty
        }
        guard let value = Self.value("v", first), let told = Data(base64Encoded: value) else {
            throw SASLError(.invalidChallenge)
        }
        guard told.count == signature.count, zip(told, signature).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 else {
            throw SASLError(.serverNotProven)
        }
        state = .proven
        return .empty
    }

    private static func value(_ name: Character, _ field: Substring) -> String? {
        guard field.first == name, field.dropFirst().first == "=" else { return nil }
        return String(field.dropFirst(2))
    }

    /// RFC 5802's `Hi`, which is PBKDF2 with HMAC (RFC 8018, 5.2).
    private static func salted(_ password: String, salt: Data, iterations: Int) throws(SASLError) -> Data {
        do {
            return try KDF.Insecure.PBKDF2.deriveKey(
                from: Data(password.utf8),
                salt: salt,
                using: .sha256,
                outputByteCount: 32,
                unsafeUncheckedRounds: iterations
            ).withUnsafeBytes { Data($0) }
        } catch { throw SASLError(.invalidChallenge) }
    }

    private static func hmac(_ key: Data, _ message: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }
}
