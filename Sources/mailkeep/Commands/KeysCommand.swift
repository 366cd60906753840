import ArgumentParser
import MailkeepApp

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "The keys of a data directory.",
        subcommands: [PublicKey.self]
    )

    struct PublicKey: ShellCommand {
        static let configuration = CommandConfiguration(
            commandName: "public-key",
            abstract: "Print the public key by which manifests and exports are proved (PEM), and its fingerprint.",
            discussion: """
                The fingerprint, on standard error, is the SHA-256 of the key's SubjectPublicKeyInfo (DER). Note it \
                somewhere else: who can change the data directory can change the key.
                """
        )

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let key = try await session.perform(ShowPublicKey())
                guard !session.isJSON else { return try await session.print(PublicKeys(public_keys: [key]), text: "") }
                try await session.console.write(key.pem)
                try await session.note("\(session.wording.text(.proofFingerprint)): \(key.fingerprint)")
            }
        }
    }
}

/// The document `{"public_keys":[…]}`.
private struct PublicKeys: Encodable {
    let public_keys: [PublicKeyShape]
}
