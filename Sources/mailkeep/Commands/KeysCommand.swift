import ArgumentParser
import MailkeepApp
import MailkeepKeys
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

                With --master-key-stdin the new one is yours to keep (64 hexadecimal digits, as openssl rand -hex 32 \
                prints them), and to give whenever Mailkeep is started: in MAILKEEP_MASTER_KEY, or by \
                --master-key-command or MAILKEEP_MASTER_KEY_COMMAND. The change is made when Mailkeep is first started \
                with it; until then the former one holds, and nothing is lost if the new one is. --to-file goes back.
                """
        )

        @OptionGroup var common: CommonOptions
        @Flag(help: "Read the new master key from the first line of standard input: no file will hold it.")
        var masterKeyStdin = false
        @Flag(help: "Keep the new master key in a file of the data directory, wherever the old one is.")
        var toFile = false

        func validate() throws {
            guard !masterKeyStdin || !toFile else {
                throw ValidationError("--master-key-stdin and --to-file exclude each other.")
            }
        }

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                var (place, id) = (RotateKeys.Place.same, WordingID.okKeysRotated)
                if toFile {
                    let wasOutside = session.mailkeep.hasGivenMasterKey
                    (place, id) = (.file, wasOutside ? .okKeysInFile : .okKeysRotated)
                } else if masterKeyStdin {
                    let line = try await session.console.readStandardInputLine()
                    (place, id) = (.outside(try MasterKey(hex: line.utf8)), .okKeysPrepared)
                }
                try await session.perform(RotateKeys(place))
                let message = session.wording.text(id)
                try await session.print(ActionList(.keys, [ActionShape(id: "master", message: message)]), text: message)
            }
        }
    }
}

/// The document `{"public_keys":[…]}`.
private struct PublicKeys: Encodable {
    let public_keys: [PublicKeyShape]
}
