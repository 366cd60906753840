import MailkeepModel

import struct Foundation.Data

/// Slows down the guessing of passwords, by account and by network address, without locking owners out.
///
/// Each key has a bucket of attempts that fills again with time. A browser that has signed in to an account before
/// proves it with a cookie and has a bucket of its own, so that strangers who try the account don't keep its owner out.
actor SignInThrottle {
    /// What is counted.
    enum Key: Hashable, Sendable {
        case address(String)
        /// An account by the keyed hash of its address, whether there is one or not.
        case account(Data)
        case device(UserID, device: String)
        /// Refusals of access tokens, by network address: a client that is revoked keeps nobody from signing in.
        case refresh(String)
        /// Requests to the API without an access token that counts, by network address.
        case client(String)

        /// Attempts at once, and milliseconds until there is another.
        fileprivate var limit: (attempts: Int, pause: Int64) {
            switch self {
            case .address, .refresh: (30, 10_000)
            case .account, .device: (10, 60_000)
            case .client: (120, 500)
            }
        }
    }

    private struct Bucket {
        var attempts: Double
        var at: Timestamp
    }

    private static let capacity = 20_000
    private var buckets: [Key: Bucket] = [:]

    /// Takes an attempt of every key, or of none.
    ///
    /// - Returns: nil, or how many seconds to wait where one of them has none left.
    func take(_ keys: [Key], at now: Timestamp) -> Int? {
        if buckets.count > Self.capacity { forgetFull(at: now) }
        let filled = keys.map { (key: $0, attempts: attempts(of: $0, at: now)) }
        let wait = filled.compactMap { key, attempts in
            attempts >= 1 ? nil : Int(((1 - attempts) * Double(key.limit.pause) / 1000).rounded(.up))
        }.max()
        if let wait { return max(1, wait) }
        for (key, attempts) in filled { buckets[key] = Bucket(attempts: attempts - 1, at: now) }
        return nil
    }

    /// Gives attempts back that turned out right.
    func giveBack(_ keys: [Key], at now: Timestamp) {
        for key in keys {
            let attempts = min(Double(key.limit.attempts), attempts(of: key, at: now) + 1)
            buckets[key] = Bucket(attempts: attempts, at: now)
        }
    }

    private func attempts(of key: Key, at now: Timestamp) -> Double {
        let (most, pause) = key.limit
        guard let bucket = buckets[key] else { return Double(most) }
        let filled = Double(max(0, now.rawValue - bucket.at.rawValue)) / Double(pause)
        return min(Double(most), bucket.attempts + filled)
    }

    private func forgetFull(at now: Timestamp) {
        buckets = buckets.filter { attempts(of: $0.key, at: now) < Double($0.key.limit.attempts) }
        // All are in use: somebody tries from everywhere. What is left longest goes.
        guard buckets.count > Self.capacity else { return }
        let oldest = buckets.sorted { $0.value.at < $1.value.at }.prefix(buckets.count / 2)
        for (key, _) in oldest { buckets[key] = nil }
    }
}
