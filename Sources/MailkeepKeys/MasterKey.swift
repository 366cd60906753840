import Crypto

/// A master key that is given from outside, and stands in no file of the data directory.
///
/// It wraps the keyring in place of the one in `keys/master`.
package struct MasterKey: Sendable, Equatable, Redacted {
    let key: SymmetricKey

    /// Reads 64 hexadecimal digits, with white space around them.
    ///
    /// - Throws: `malformedMaster`.
    package init(hex text: some Sequence<UInt8>) throws(KeyError) {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let digits = Array(Array(text.drop(while: isSpace)).reversed().drop(while: isSpace).reversed())
        guard let key = SymmetricKey(hexDigits: digits[...]) else {
            throw KeyError(.malformedMaster, "The master key that was given is none (64 hexadecimal digits).")
        }
        self.key = key
    }
}

/// Where a master key from outside comes from.
package enum MasterKeySource: Sendable, Redacted {
    /// What the environment variable `MAILKEEP_MASTER_KEY` held.
    case variable([UInt8])
    /// What a command of the shell prints.
    case command(String)
    /// The environment names both, and it is not known which is meant.
    case both

    /// The name of the environment variable.
    package static let variable = "MAILKEEP_MASTER_KEY"

    /// Reads the key; blocks for as long as a command takes, at most half a minute.
    ///
    /// - Throws: `KeyError`, and `CancellationError` while a command runs.
    package func read() throws -> MasterKey {
        switch self {
        case .variable(let text): try MasterKey(hex: text)
        case .command(let command): try MasterKey(hex: MasterKeyCommand(command).output())
        case .both: throw KeyError(.twoMasters, "The environment gives a master key and a command that prints one.")
        }
    }
}
