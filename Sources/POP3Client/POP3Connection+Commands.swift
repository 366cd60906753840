extension POP3Connection {
    /// Sends one command and reads all of its answer, whatever that is.
    nonisolated(nonsending) func perform(
        _ command: POP3Command,
        onLine: (String) throws -> Void = { _ in }
    ) async throws -> POP3Status {
        try await converse {
            try requireSilence()
            try await send([command])
            let status = try await nextStatus(command.answer)
            while let piece = try await nextPiece() {
                if case .line(let line) = piece { try onLine(line) }
            }
            return status
        }
    }

    /// Sends commands, as many ahead as the server takes, and hands on each answer's first line.
    ///
    /// - Parameter onAnswer: is given the command's place among the commands, and reads of the answer what it wants; the
    ///   rest is passed over.
    nonisolated(nonsending) func pipeline(
        _ commands: [POP3Command],
        onAnswer: nonisolated(nonsending) (Int, POP3Status) async throws -> Void
    ) async throws {
        let depth = capabilities.offers("PIPELINING") ? max(1, limits.pipelineDepth) : 1
        try await converse {
            try requireSilence()
            var sent = 0
            for (index, command) in commands.enumerated() {
                if sent < commands.count, sent - index <= depth / 2 {
                    let next = min(commands.count, index + depth)
                    try await send(commands[sent..<next])
                    sent = next
                }
                let status = try await nextStatus(command.answer)
                try await onAnswer(index, status)
                while try await nextPiece() != nil {}
            }
        }
    }
}
