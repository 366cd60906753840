import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > API clients > Reference: the OpenAPI document as people read it.
struct ReferencePage {
    static let address = "\(ClientPages.address)/reference"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/clients/reference") { _, context in
            let content = Content(try APIDocument.read(), baseAddress: site.configuration.address)
            let title = Presenter(context).wording.text(.apiReference)
            return try await site.render(.reference, title: title, content, for: context)
        }
    }

    private struct Content {
        struct Section {
            let sectionName: String
            let operations: [Operation]
        }

        struct Operation {
            let method: String
            let path: String
            let summary: String
            let about: String?
            let scopeText: String?
            let parameters: [Parameter]
        }

        struct Parameter {
            let parameterName: String
            let place: String
            let isRequired: Bool
            let about: String?
        }

        let lead: String
        let documentAddress: String
        let baseAddress: String
        let sections: [Section]

        init(_ document: APIDocument, baseAddress: String) {
            self.baseAddress = baseAddress
            lead = document.info.description
            documentAddress = Site.apiPath + APIDocument.path
            sections = document.tags.map { tag in
                let operations = document.paths.flatMap { path, methods in
                    methods.filter { $0.value.tags.contains(tag.name) }.map { (path: path, method: $0.key, $0.value) }
                }
                return Section(
                    sectionName: tag.name,
                    operations: operations.sorted { ($0.path, $0.method) < ($1.path, $1.method) }.map {
                        Self.operation($0.path, $0.method, $0.2, document)
                    }
                )
            }
        }

        private static func operation(
            _ path: String,
            _ method: String,
            _ operation: APIDocument.Operation,
            _ document: APIDocument
        ) -> Operation {
            Operation(
                method: method.uppercased(),
                path: path,
                summary: operation.summary,
                about: operation.description,
                scopeText: operation.security.flatMap { $0.values.flatMap(\.self) }.first,
                parameters: document.parameters(of: operation).map {
                    Parameter(
                        parameterName: $0.name ?? "",
                        place: $0.place ?? "",
                        isRequired: $0.required ?? false,
                        about: $0.description
                    )
                }
            )
        }
    }
}
