import Hummingbird

/// A part of a page that its script fetches anew by itself, as long as something is at work.
///
/// Nobody does anything when that happens: it is no use of the session, which would otherwise never end while a page is
/// left open.
enum LivePart: String, CaseIterable {
    /// A row of the list of mail add-on users.
    case row
    /// All that stands on the page of a backup.
    case part
    /// How far older mail is linked.
    case linking

    static func isAsked(for request: Request) -> Bool {
        guard request.method == .get, let last = request.uri.path.split(separator: "/").last else { return false }
        return LivePart(rawValue: String(last)) != nil
    }
}
