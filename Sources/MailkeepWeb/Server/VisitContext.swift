import Foundation
import Hummingbird
import Logging
import MailkeepApp
import MailkeepModel

/// What is known of a request before any page looks at it.
struct VisitContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Found again in the log and the audit log.
    let request = UUID().uuidString.lowercased()
    /// For what is told of the request once it is answered.
    let note = VisitNote()
    /// The address at the other end of the connection.
    let peer: String
    /// The client's address: the peer's, or what a trusted proxy says.
    var client = ""
    /// The address that was asked for.
    var here = ""
    var locale = MailkeepModel.Locale.english
    var timeZone = TimeZone.current
    var session: Session?
    /// Proves forms of people who are not signed in.
    var visitor: SecretToken?
    /// What stands behind the `?` of the address that was asked for.
    var query = FormData()
    /// What was sent with a form.
    var form = FormData()
    /// Whose access token the request has; of the API.
    var access: Access?
    /// A form with a file, behind its token.
    var upload: MultipartForm?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? ""
        // In place of the library's own, so that all lines of a request name it likewise.
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request"] = "\(request)"
    }

    /// What every form of this visit carries.
    var formToken: String { session?.formToken ?? visitor?.derived(for: "form") ?? "" }
}

/// A request of somebody who is signed in.
struct SignedInContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let visit: VisitContext
    let session: Session

    init(context: VisitContext) throws {
        guard let session = context.session else { throw NotSignedIn() }
        coreContext = context.coreContext
        visit = context
        self.session = session
    }

    var user: User { session.user }
    var form: FormData { visit.form }

    /// As whom use cases are performed.
    var caller: Caller { Caller(user: session.user.id, origin: "web \(visit.client)", request: visit.request) }
}

/// A page for people who are signed in was asked for by somebody who is not.
struct NotSignedIn: Error {}
