import ArgumentParser
import MailkeepApp
import MailkeepModel

extension Session {
    /// Acts on several things, each by itself: the refused ones are listed with their reasons, the others go ahead (N5).
    ///
    /// - Throws: `ExitCode`, the gravest of the refused ones, after everything was told.
    func each(
        _ names: [String],
        key: ActionList.Key,
        _ act: (String) async throws -> ActionShape
    ) async throws {
        var actions: [ActionShape] = []
        var lines: [String] = []
        var status: Int32 = 0
        for name in names {
            do {
                let action = try await act(name)
                actions.append(action)
                lines.append("\(name): \(action.message)")
            } catch let error where !(error is CancellationError) {
                let failure = Failure(error, in: locale)
                status = status == ExitStatus.refused ? status : failure.status
                actions.append(ActionShape(id: name, failure.document))
                let rule = failure.document.details.rule.map { "\($0): " } ?? ""
                lines.append("\(name): \(rule)\(failure.document.message)")
            }
        }
        try await print(ActionList(key, actions), text: lines.joined(separator: "\n"))
        if status != 0 { throw ExitCode(status) }
    }
}

extension Table {
    /// Names and what they stand for, one a line.
    init(pairs: [(String, String)]) {
        self.init(header: [], rows: pairs.map { [$0.0, $0.1] })
    }
}

extension Console {
    /// A path as it is from the person's working directory.
    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(terminal.directory)/\(path)"
    }
}
