import FoundationEssentials
import Glibc
import MailkeepKeys
import Testing

@Suite("Keys of a data directory")
struct KeyRingTests {
    private let directory = TemporaryDirectory()

    private func path(_ name: String) -> String { directory.url.appending(path: "keys/\(name)").path }

    @Test("Keys that are opened again open, hash, and sign alike")
    func reopen() throws {
        let made = try KeyRing.create(in: directory.url)
        let opened = try KeyRing.open(in: directory.url)
        for purpose in SealPurpose.allCases {
            let sealed = try made.sealer(for: purpose).seal(Data("text".utf8), context: "here")
            #expect(try opened.sealer(for: purpose).open(sealed, context: "here") == Data("text".utf8))
        }
        #expect(made.addressHasher.hash("a@example.com") == opened.addressHasher.hash("a@example.com"))
        #expect(made.contentKey(sha256: [1, 2]) == opened.contentKey(sha256: [1, 2]))
        #expect(made.signer.publicKey == opened.signer.publicKey)
    }

    @Test("Key files are for their owner alone")
    func modes() throws {
        _ = try KeyRing.create(in: directory.url)
        for (name, mode) in [("", S_IFDIR | 0o700), ("master", S_IFREG | 0o600), ("keyring", S_IFREG | 0o600)] {
            var status = stat()
            #expect(stat(path(name), &status) == 0)
            #expect(status.st_mode == mode)
        }
    }

    @Test("Keys are not overwritten")
    func refusesToOverwrite() throws {
        _ = try KeyRing.create(in: directory.url)
        #expect(throws: KeyError(.exists, "")) { try KeyRing.create(in: directory.url) }
    }

    @Test("Missing keys are told with what to do", arguments: ["master", "keyring"])
    func missing(name: String) throws {
        #expect(throws: KeyError(.missing, "")) { try KeyRing.open(in: directory.url) }
        _ = try KeyRing.create(in: directory.url)
        unlink(path(name))
        let error = #expect(throws: KeyError.self) { try KeyRing.open(in: directory.url) }
        #expect(error?.code == (name == "master" ? .missingMaster : .missing))
        #expect(error?.message.contains("Restore") == true)
    }

    @Test(
        "Keys that others can reach are refused",
        arguments: ["", "master", "keyring"],
        [0o040, 0o004, 0o020] as [mode_t]
    )
    func permissions(name: String, bits: mode_t) throws {
        _ = try KeyRing.create(in: directory.url)
        chmod(path(name), (name.isEmpty ? 0o700 : 0o600) | bits)
        let error = #expect(throws: KeyError.self) { try KeyRing.open(in: directory.url) }
        #expect(error?.code == .permissions)
        #expect(error?.message.contains("chmod") == true)
    }

    @Test("A link in place of a key file is refused")
    func links() throws {
        _ = try KeyRing.create(in: directory.url)
        rename(path("master"), path("elsewhere"))
        symlink(path("elsewhere"), path("master"))
        #expect(throws: KeyError(.damaged, "")) { try KeyRing.open(in: directory.url) }
    }

    @Test("A keyring with one changed bit is refused")
    func damagedKeyring() throws {
        _ = try KeyRing.create(in: directory.url)
        let url = URL(filePath: path("keyring"))
        let intact = try Data(contentsOf: url)
        for index in intact.indices {
            var damaged = intact
            damaged[index] ^= 1
            try damaged.write(to: url)
            chmod(url.path, 0o600)
            #expect(throws: KeyError.self) { try KeyRing.open(in: directory.url) }
        }
        try intact.prefix(20).write(to: url)
        #expect(throws: KeyError.self) { try KeyRing.open(in: directory.url) }
    }

    @Test("A master key that is none is refused", arguments: ["", "00", "xyz", String(repeating: "0", count: 65)])
    func damagedMaster(text: String) throws {
        _ = try KeyRing.create(in: directory.url)
        try Data(text.utf8).write(to: URL(filePath: path("master")))
        #expect(throws: KeyError(.damaged, "")) { try KeyRing.open(in: directory.url) }
    }

    @Test("Another master key is refused")
    func wrongMaster() throws {
        _ = try KeyRing.create(in: directory.url)
        try Data(String(repeating: "ab", count: 32).utf8).write(to: URL(filePath: path("master")))
        #expect(throws: KeyError(.wrongMaster, "")) { try KeyRing.open(in: directory.url) }
    }

    @Test("Rotating the master changes both files and no key")
    func rotation() throws {
        let ring = try KeyRing.create(in: directory.url)
        let sealed = try ring.sealer(for: .credentials).seal(Data("secret".utf8), context: "c")
        let before = try ["master", "keyring"].map { try Data(contentsOf: URL(filePath: path($0))) }
        try KeyRing.rotateMaster(in: directory.url)
        let after = try ["master", "keyring"].map { try Data(contentsOf: URL(filePath: path($0))) }
        #expect(before[0] != after[0] && before[1] != after[1])
        let opened = try KeyRing.open(in: directory.url)
        #expect(try opened.sealer(for: .credentials).open(sealed, context: "c") == Data("secret".utf8))
        #expect(opened.addressHasher.hash("a") == ring.addressHasher.hash("a"))
        #expect(opened.signer.publicKey == ring.signer.publicKey)
    }

    @Test("A rotation that was interrupted before or after the keyring changed is no loss", arguments: [false, true])
    func interruptedRotation(isKeyringNew: Bool) throws {
        let ring = try KeyRing.create(in: directory.url)
        let old = try ["master", "keyring"].map { try Data(contentsOf: URL(filePath: path($0))) }
        try KeyRing.rotateMaster(in: directory.url)
        rename(path("master"), path("master.next"))
        try old[0].write(to: URL(filePath: path("master")))
        if !isKeyringNew { try old[1].write(to: URL(filePath: path("keyring"))) }
        for name in ["master", "keyring"] { chmod(path(name), 0o600) }

        #expect(try KeyRing.open(in: directory.url).signer.publicKey == ring.signer.publicKey)
        try KeyRing.rotateMaster(in: directory.url)
        #expect(try KeyRing.open(in: directory.url).signer.publicKey == ring.signer.publicKey)
        #expect(access(path("master.next"), F_OK) != 0)
    }

    @Test("Nothing that is printed holds a key")
    func redaction() throws {
        let ring = try KeyRing.create(in: directory.url)
        let master = String(decoding: try Data(contentsOf: URL(filePath: path("master"))), as: UTF8.self)
        let values: [Any] = [ring, ring.sealer(for: .vault), ring.addressHasher, ring.signer]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(text.contains("redacted"))
                #expect(text.count < 60)
                #expect(!text.contains(master.prefix(8)))
            }
        }
    }
}

@Suite("Sealing, hashing, signing")
struct SealerTests {
    private let directory = TemporaryDirectory()
    private let another = TemporaryDirectory()

    @Test("Sealed bytes open only whole, under the same key and context")
    func tampering() throws {
        let ring = try KeyRing.create(in: directory.url)
        let sealer = ring.sealer(for: .column)
        let sealed = try sealer.seal(Data("subject".utf8), context: "message:1")
        #expect(sealed.count == "subject".utf8.count + Sealer.overhead)
        #expect(sealed.first == 1)
        #expect(throws: KeyError(.notAuthentic, "")) { try sealer.open(sealed, context: "message:2") }
        #expect(throws: KeyError(.notAuthentic, "")) {
            try ring.sealer(for: .manifest).open(sealed, context: "message:1")
        }
        #expect(throws: KeyError(.notAuthentic, "")) { try sealer.open(Data(), context: "message:1") }
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: KeyError.self) { try sealer.open(changed, context: "message:1") }
        }
        for count in 0..<sealed.count {
            #expect(throws: KeyError.self) { try sealer.open(sealed.prefix(count), context: "message:1") }
        }
    }

    @Test("The same bytes are sealed differently each time")
    func nonces() throws {
        let sealer = try KeyRing.create(in: directory.url).sealer(for: .column)
        let sealed = try (0..<100).map { _ in try sealer.seal(Data(), context: "") }
        #expect(Set(sealed).count == 100)
        #expect(try sealed.allSatisfy { try sealer.open($0, context: "").isEmpty })
    }

    @Test("Hashes have their length and differ by directory")
    func hashes() throws {
        let ring = try KeyRing.create(in: directory.url)
        let other = try KeyRing.create(in: another.url)
        #expect(ring.addressHasher.hash("a@example.com").count == 16)
        #expect(ring.addressHasher.hash("a@example.com") != ring.addressHasher.hash("b@example.com"))
        #expect(ring.addressHasher.hash("a@example.com") != other.addressHasher.hash("a@example.com"))
        #expect(ring.contentKey(sha256: [1]).count == 32)
        #expect(ring.contentKey(sha256: [1]) != other.contentKey(sha256: [1]))
    }

    @Test("Signatures hold for their bytes and key only")
    func signatures() throws {
        let signer = try KeyRing.create(in: directory.url).signer
        let other = try KeyRing.create(in: another.url).signer
        let signature = try signer.sign([1, 2, 3])
        #expect(signature.count == 64 && signer.publicKey.count == 32)
        #expect(Signer.isValid(signature, for: [1, 2, 3], publicKey: signer.publicKey))
        #expect(!Signer.isValid(signature, for: [1, 2], publicKey: signer.publicKey))
        #expect(!Signer.isValid(signature, for: [1, 2, 3], publicKey: other.publicKey))
        #expect(!Signer.isValid(signature, for: [1, 2, 3], publicKey: [1]))
        #expect(!Signer.isValid([], for: [1, 2, 3], publicKey: signer.publicKey))
    }
}
