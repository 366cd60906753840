import Foundation

/// A bearer token's exchange, by `OAUTHBEARER` (RFC 7628) or `XOAUTH2`.
///
/// A server that refuses says why in JSON and waits for an answer before it ends the exchange (RFC 7628, 3.2.3).
struct BearerExchange: Sendable {
    /// Bytes of a refusal.
    private static let longestRefusal = 8192

    let firstMessage: SASLMessage
    private let answerToRefusal: SASLMessage
    private var told: SASLRefusal?

    init(_ mechanism: SASLMechanism, username: String, token: String, server: (host: String, port: Int)?) {
        switch mechanism {
        case .xoauth2:
            firstMessage = SASLMessage("user=\(username)\u{1}auth=Bearer \(token)\u{1}\u{1}")
            answerToRefusal = .empty
        default:
            let name = username.replacing("=", with: "=3D").replacing(",", with: "=2C")
            let place = server.map { "host=\($0.host)\u{1}port=\($0.port)\u{1}" } ?? ""
            firstMessage = SASLMessage("n,a=\(name),\u{1}\(place)auth=Bearer \(token)\u{1}\u{1}")
            answerToRefusal = SASLMessage("\u{1}")
        }
    }

    mutating func receive(_ challenge: [UInt8]) -> SASLExchange.Action {
        guard told == nil, challenge.count <= Self.longestRefusal else {
            return .abort(SASLError(.invalidChallenge))
        }
        told = Self.meaning(of: challenge)
        return .respond(answerToRefusal)
    }

    func succeed() throws(SASLError) {
        // Whoever refuses and then says yes cannot be understood.
        guard told == nil else { throw SASLError(.invalidChallenge) }
    }

    /// A server that refuses without a word most likely means the token.
    var refusal: SASLRefusal { told ?? .accessToken }

    /// RFC 7628 names `invalid_token`, `insufficient_scope` and others of RFC 6750; Gmail and Microsoft 365 put HTTP
    /// statuses there, and Gmail 400 for a token that has expired.
    private static func meaning(of challenge: [UInt8]) -> SASLRefusal {
        guard let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(challenge)) else { return .accessToken }
        switch refusal.status {
        case "invalid_token", "400", "401": return .accessToken
        case "server_error", "temporarily_unavailable", "429": return .temporary
        case let status where status.count == 3 && status.hasPrefix("5"): return .temporary
        default: return .credentials
        }
    }

    private struct Refusal: Decodable {
        let status: String

        private enum Keys: String, CodingKey { case status }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Keys.self)
            if let number = try? values.decode(Int.self, forKey: .status) {
                status = "\(number)"
            } else {
                status = try values.decode(String.self, forKey: .status)
            }
        }
    }
}
