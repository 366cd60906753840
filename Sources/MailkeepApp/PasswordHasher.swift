import Crypto
import CryptoExtras
import Foundation

/// Hashes sign-in passwords with scrypt (N=2^17, r=8, p=1: 128 MiB each), off the cooperative pool, two at a time.
///
/// No more than some wait: further ones are told to come again (`AppError`, `busy`).
package final class PasswordHasher: Sendable {
    private static let queue: OperationQueue = {
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 2
        return queue
    }()
    private static let longestQueue = 32
    private static let logRounds = 17
    private static let lengths = 8...128

    /// The hash of a new password, in PHC form: `$scrypt$ln=17,r=8,p=1$salt$hash`, base64 without padding.
    ///
    /// - Throws: `AppError` (`passwordLength`, `passwordCommon`).
    package func hash(_ password: String) async throws -> String {
        guard Self.lengths.contains(password.unicodeScalars.count) else { throw AppError(.passwordLength) }
        guard !CommonPasswords.contain(password) else { throw AppError(.passwordCommon) }
        let salt = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        let derived = try await Self.derive(password, salt: salt)
        return "$scrypt$ln=\(Self.logRounds),r=8,p=1$\(salt.unpaddedBase64)$\(derived.unpaddedBase64)"
    }

    /// Whether `password` is the one that `hash` was made of.
    ///
    /// It takes the same time where there is no hash, so that nobody learns who has an account.
    package func verify(_ password: String, against hash: String?) async throws -> Bool {
        guard password.unicodeScalars.count <= Self.lengths.upperBound else { return false }
        let parts = hash?.split(separator: "$").map(String.init) ?? []
        guard parts.count == 4, parts[0] == "scrypt", parts[1] == "ln=\(Self.logRounds),r=8,p=1",
            let salt = Data(unpaddedBase64: parts[2]), let expected = Data(unpaddedBase64: parts[3])
        else {
            _ = try await Self.derive(password, salt: Data(count: 16))
            return false
        }
        let derived = try await Self.derive(password, salt: salt)
        return derived.count == expected.count && zip(derived, expected).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func derive(_ password: String, salt: Data) async throws -> Data {
        guard queue.operationCount < longestQueue else { throw AppError(.busy) }
        // Unicode normalisation, so that a password typed on another keyboard is the same (RFC 8265, 4.2).
        let bytes = Data(password.precomposedStringWithCanonicalMapping.utf8)
        return try await withCheckedThrowingContinuation { continuation in
            queue.addOperation {
                continuation.resume(
                    with: Result {
                        try KDF.Scrypt.deriveKey(
                            from: bytes,
                            salt: salt,
                            outputByteCount: 32,
                            rounds: 1 << logRounds,
                            blockSize: 8,
                            parallelism: 1
                        ).withUnsafeBytes { Data($0) }
                    }
                )
            }
        }
    }
}

/// Passwords that everybody tries first.
private enum CommonPasswords {
    /// Whether a password, without regard to case, is a common one, or one character over and over.
    static func contain(_ password: String) -> Bool {
        let folded = password.lowercased()
        return list.contains(folded) || Set(folded).count == 1
    }

    private static let list: Set<String> = [
        "12345678", "123456789", "1234567890", "0123456789", "87654321", "11223344", "12341234", "password",
        "password1", "password12", "password123", "passw0rd", "p@ssw0rd", "p@ssword", "qwertyui", "qwertyuiop",
        "qwerty123", "asdfghjk", "asdfghjkl", "zxcvbnm1", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "q1w2e3r4",
        "iloveyou", "sunshine", "princess", "football", "baseball", "superman", "starwars", "whatever", "trustno1",
        "letmein1", "welcome1", "admin123", "administrator", "changeme", "abcd1234", "abc12345", "a1b2c3d4",
        "mailkeep", "computer", "internet", "samurai1", "sakura12", "sakurasakura", "doraemon", "pokemon1",
        "himitsu1", "aiueo123", "aiueoaiueo",
    ]
}

extension Data {
    fileprivate var unpaddedBase64: String {
        base64EncodedString().replacing("=", with: "")
    }

    fileprivate init?(unpaddedBase64 text: String) {
        self.init(base64Encoded: text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
}
