package import NIOCore

/// Writes commands as a server takes them (RFC 9051, 9).
package struct IMAPCommandEncoder: Sendable {
    /// How text that cannot be quoted is sent.
    package enum Literals: Sendable, Equatable {
        /// The server is asked before each literal.
        case synchronizing
        /// `LITERAL-`: those of up to 4096 bytes, all that are ever sent here, follow at once (RFC 7888).
        case nonSynchronizing
    }

    package var literals: Literals

    package init(literals: Literals = .synchronizing) {
        self.literals = literals
    }

    /// The command's bytes; before each part but the first the server must have asked for it with `+`.
    ///
    /// - Throws: ``IMAPEncodingError`` where an argument must not reach the server; nothing is to be sent then.
    package func encode(_ command: IMAPCommand, tag: String) throws(IMAPEncodingError) -> [ByteBuffer] {
        if case .authenticate(let mechanism, _) = command, !Self.isMechanism(mechanism) {
            throw IMAPEncodingError(.forbiddenCharacter)
        }
        var output = Output(literals: literals)
        output.write("\(tag) \(command)")
        switch command {
        case .capability, .startTLS, .namespace, .idle, .logout: break
        case .authenticate(_, let initialResponse):
            if let initialResponse {
                output.write(" ")
                initialResponse.write(to: &output.part)
            }
        case .login(let username, let password):
            output.write(" ")
            try output.write(string: Array(username.utf8))
            output.write(" ")
            try output.write(string: Array(password.utf8))
        case .enable(let name): output.write(" \(name)")
        case .list(let returning):
            output.write(" \"\" \"*\"")
            if !returning.isEmpty { output.write(" RETURN (\(returning.joined(separator: " ")))") }
        case .status(let name, let items):
            guard !items.isEmpty else { throw IMAPEncodingError(.empty) }
            output.write(" ")
            try output.write(string: name.bytes)
            output.write(" (\(items.joined(separator: " ")))")
        case .examine(let name, let state):
            output.write(" ")
            try output.write(string: name.bytes)
            if let state { output.write(" (QRESYNC (\(state.uidValidity) \(state.modSeq)))") }
        case .fetchHeaders(let set, let fields, let items):
            guard !set.isEmpty, !fields.isEmpty else { throw IMAPEncodingError(.empty) }
            guard fields.allSatisfy(Self.isFieldName) else { throw IMAPEncodingError(.invalidFieldName) }
            let names = fields.joined(separator: " ")
            let told = (["UID", "RFC822.SIZE"] + items).joined(separator: " ")
            output.write(" \(set) (\(told) BODY.PEEK[HEADER.FIELDS (\(names))])")
        case .fetchBodies(let set):
            guard !set.isEmpty else { throw IMAPEncodingError(.empty) }
            output.write(" \(set) (UID FLAGS INTERNALDATE BODY.PEEK[])")
        case .fetchUIDs(let set):
            guard !set.isEmpty else { throw IMAPEncodingError(.empty) }
            output.write(" \(set) (UID)")
        case .searchUIDs(let set):
            guard !set.isEmpty else { throw IMAPEncodingError(.empty) }
            output.write(" RETURN (ALL) UID \(set)")
        case .create(let name), .subscribe(let name):
            output.write(" ")
            try output.write(string: name.bytes)
        case .append(let name):
            output.write(" ")
            try output.write(string: name.bytes)
            return output.parts + [output.part]
        }
        output.write("\r\n")
        return output.parts + [output.part]
    }

    /// The name of a mechanism (RFC 4422, 3.1).
    private static func isMechanism(_ name: String) -> Bool {
        (1...20).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }

    /// Letters, digits and what else an atom may hold: `X-Spam_Status` but not `a)` or `Céline`.
    private static func isFieldName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            }
    }

    private struct Output {
        let literals: Literals
        var parts: [ByteBuffer] = []
        var part = ByteBuffer()

        mutating func write(_ text: String) {
            part.writeString(text)
        }

        /// A quoted string where that can hold the bytes, a literal otherwise.
        mutating func write(string bytes: [UInt8]) throws(IMAPEncodingError) {
            try bytes.checkForCommand()
            if bytes.count <= 1000, bytes.allSatisfy({ (0x20...0x7E).contains($0) }) {
                part.writeInteger(UInt8.quote)
                for byte in bytes {
                    if byte == .quote || byte == .backslash { part.writeInteger(UInt8.backslash) }
                    part.writeInteger(byte)
                }
                part.writeInteger(UInt8.quote)
                return
            }
            switch literals {
            case .nonSynchronizing: part.writeString("{\(bytes.count)+}\r\n")
            case .synchronizing:
                part.writeString("{\(bytes.count)}\r\n")
                parts.append(part)
                part = ByteBuffer()
            }
            part.writeBytes(bytes)
        }
    }
}

extension [UInt8] {
    /// Refuses what no server takes and what would end the command early.
    fileprivate func checkForCommand() throws(IMAPEncodingError) {
        guard count <= 4096 else { throw IMAPEncodingError(.tooLong) }
        guard !contains(where: { $0 == 0 || $0 == .cr || $0 == .lf }) else {
            throw IMAPEncodingError(.forbiddenCharacter)
        }
    }
}
