import ArgumentParser
import MailkeepApp
import MailkeepModel

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "The keys of the data directory.",
        subcommands: [PublicKey.self, Rotate.self]
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

    struct Rotate: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a new master key in place of the old one (administrators).",
            discussion: """
                All other keys stay, and are wrapped by the new one: no mail is written anew. Copy the folder keys anew \
                afterwards; an older copy of the whole folder goes on opening everything, so destroy it if the old \
                master key was seen by anybody.
                """
        )

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                try await session.perform(RotateKeys())
                let message = session.wording.text(.okKeysRotated)
                try await session.print(ActionList(.keys, [ActionShape(id: "master", message: message)]), text: message)
            }
        }
    }
}

/// The document `{"public_keys":[…]}`.
private struct PublicKeys: Encodable {
    let public_keys: [PublicKeyShape]
}
