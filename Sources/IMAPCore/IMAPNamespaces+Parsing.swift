import NIOCore

extension IMAPNamespaces {
    /// The user's own, other users' and shared ones, each a list or `NIL`; one that is left out is none.
    init(parsing scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        let personal = try Self.namespaces(&scanner)
        let otherUsers = try Self.namespaces(&scanner)
        let shared = try Self.namespaces(&scanner)
        self.init(personal: personal, otherUsers: otherUsers, shared: shared)
    }

    /// `(("" "/")("#mh/" "/" "X-PARAM" ("FLAG1")))` or `NIL`.
    private static func namespaces(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> [Namespace] {
        var namespaces: [Namespace] = []
        scanner.skipSpaces()
        guard scanner.skip(.open) else {
            _ = try scanner.string()
            return []
        }
        while true {
            scanner.skipSpaces()
            if scanner.skip(.close) { return namespaces }
            try scanner.expect(.open)
            scanner.skipSpaces()
            let prefix = try scanner.string()
            scanner.skipSpaces()
            let delimiter = try scanner.string()
            namespaces.append(
                Namespace(
                    prefix: prefix.map { Array($0.readableBytesView) } ?? [],
                    delimiter: delimiter.flatMap { String(buffer: $0).first }
                )
            )
            scanner.skipSpaces()
            while !scanner.skip(.close) {
                guard !scanner.isAtEnd else {
                    throw IMAPDecodingError(.invalidSyntax, "a namespace does not end")
                }
                try scanner.skipValue()
                scanner.skipSpaces()
            }
        }
    }
}
