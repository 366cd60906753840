import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel
import NIOCore

/// A page: what is around every one of them, and its content.
struct Document<Content> {
    let t: Words
    let lang: String
    let title: String
    let organization: String
    let person: Person?
    let notice: Notice?
    let formToken: String
    let stylesheet: String
    let script: String
    let icon: String
    /// Where a change of language leads back to; nowhere from errors, which are alike whatever was asked for (V1).
    let here: String
    let zone: String
    let content: Content

    /// Who is signed in.
    struct Person {
        let personName: String
        let isAdministrator: Bool
    }
}

/// What a page tells of what was just done.
struct Notice: Codable {
    var text: String
    /// Whether something was refused or failed.
    var isProblem = false
    /// One line for each of several things, with what became of it.
    var lines: [String] = []
}

extension Site {
    /// A page as an answer.
    func render<Content>(
        _ template: Template,
        title: String,
        _ content: Content,
        _ status: HTTPResponse.Status = .ok,
        for visit: VisitContext,
        notice: Notice? = nil,
        here: String = ""
    ) throws -> Response {
        let wording = Wording(locale: visit.locale, on: .page)
        let document = Document(
            t: Words(wording),
            lang: visit.locale.rawValue,
            title: title,
            organization: visit.session?.organization ?? "",
            person: visit.session.map {
                Document<Content>.Person(personName: $0.user.name, isAdministrator: $0.user.isAdministrator)
            },
            notice: notice,
            formToken: visit.formToken,
            stylesheet: Assets.stylesheet.address,
            script: Assets.script.address,
            icon: Assets.icon.address,
            here: here,
            zone: visit.timeZone.identifier,
            content: content
        )
        return try render(document, with: template, status)
    }

    /// What a template makes of its content: a whole document, or a part of a page that the script fetches anew.
    func render(
        _ content: some Any,
        with template: Template,
        _ status: HTTPResponse.Status = .ok
    ) throws -> Response {
        guard let html = templates.render(content, with: template) else { throw HTTPError(.internalServerError) }
        return Response(status: status, html: html)
    }

    /// A page for somebody who is signed in, with what was to be told.
    func render<Content>(
        _ template: Template,
        title: String,
        _ content: Content,
        _ status: HTTPResponse.Status = .ok,
        for context: SignedInContext,
        notice: Notice? = nil
    ) async throws -> Response {
        var told = notice
        if notice == nil, let kept = context.session.notice {
            told = Notice(json: kept)
            try await mailkeep.setNotice(nil, of: context.session)
        }
        return try render(template, title: title, content, status, for: context.visit, notice: told)
    }

    /// Leads on to a page, which tells what was done.
    func redirect(to address: String, telling notice: Notice, in context: SignedInContext) async throws -> Response {
        try await mailkeep.setNotice(notice.json, of: context.session)
        return .redirect(to: address, type: .normal)
    }
}

extension Response {
    init(status: HTTPResponse.Status = .ok, html: String) {
        self.init(
            status: status,
            headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }
}
