import Crypto

/// Reads a content at its caller's pace: its entry, and where that is a recipe the parts that it names.
///
/// A part may be a content that is put together itself: what was stored as a mail first, and came as an attachment then.
struct ContentReader {
    /// How many recipes may stand below the first: of mails that carry one another in base64, more do not fit into a part.
    private static let depth = 16
    /// Pieces are collected up to here before they are handed out.
    private static let batch = 256 << 10

    private let location: VaultLocation
    private let part: (VaultEntryID) throws -> EntryReader
    private let depth: Int
    private var entry: EntryReader
    private var recipe: ArraySlice<UInt8> = []
    private var encoder: Base64LineEncoder?
    /// Characters of the lines of the step that came last; nil where it was text.
    private var width: Int?
    private var hash = SHA256()
    private var size: Int64 = 0
    private(set) var isAtEnd = false
    /// The parts that were read so far; the same one may be among them several times.
    private(set) var parts: [VaultEntryID] = []

    /// - Parameter part: begins to read a part.
    init(
        _ entry: EntryReader,
        at location: VaultLocation,
        depth: Int = Self.depth,
        part: @escaping (VaultEntryID) throws -> EntryReader
    ) {
        self.entry = entry
        self.depth = depth
        self.location = location
        self.part = part
    }

    /// The SHA-256 of what was read so far.
    var sha256: [UInt8] { Array(hash.finalize()) }

    /// Hands out the next bytes; throws `damaged`, after the last also where all together are not what the id names.
    mutating func next(_ onChunk: (UnsafeRawBufferPointer) throws -> Void) throws {
        var output: [UInt8] = []
        output.reserveCapacity(Int(min(max(0, entry.header.contentLength - size), Int64(Self.batch))))
        switch entry.header.kind {
        case .recipe: try follow(to: &output)
        case .bytes, .dictionary:
            try entry.readFrame { output.append(contentsOf: $0) }
            isAtEnd = entry.isAtEnd
        }
        size += Int64(output.count)
        try output.withUnsafeBytes { output in
            hash.update(bufferPointer: output)
            try onChunk(output)
        }
        guard isAtEnd else { return }
        guard size == entry.header.contentLength, entry.isNamed(bySHA256: sha256) else {
            throw VaultError(.damaged, "The content is not what its id names.", location: location)
        }
    }

    /// Takes steps until there is something to hand out.
    private mutating func follow(to output: inout [UInt8]) throws {
        while output.count < Self.batch {
            guard let step = try nextStep() else {
                encoder?.finish(to: &output)
                isAtEnd = true
                return
            }
            if !step.isContinued {
                encoder?.finish(to: &output)
                encoder = width.map(Base64LineEncoder.init)
            }
            guard let id = step.part else {
                try take(step.length).withUnsafeBytes { append($0, to: &output) }
                continue
            }
            parts.append(id)
            var entry = try part(id)
            guard entry.header.contentLength == step.length else { throw malformed }
            switch entry.header.kind {
            case .bytes:
                while !entry.isAtEnd { try entry.readFrame { append($0, to: &output) } }
            case .recipe where depth > 0:
                var content = ContentReader(entry, at: location, depth: depth - 1, part: part)
                while !content.isAtEnd { try content.next { append($0, to: &output) } }
            case .recipe, .dictionary: throw malformed
            }
        }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        if encoder == nil { output.append(contentsOf: bytes) } else { encoder?.append(bytes, to: &output) }
    }

    /// The next step, whose bytes come next where they follow; nil after the last.
    private mutating func nextStep() throws -> Recipe.Step? {
        try fill(Recipe.longestHead)
        guard !recipe.isEmpty else { return nil }
        guard let (step, length) = Recipe.decode(recipe, width: width) else { throw malformed }
        if case .base64(let characters) = step.encoding { width = characters } else { width = nil }
        recipe = recipe.dropFirst(length)
        return step
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        try fill(count)
        guard recipe.count >= count else { throw malformed }
        defer { recipe = recipe.dropFirst(count) }
        return recipe.prefix(count)
    }

    /// Reads on until there are `count` bytes of the recipe, or all.
    private mutating func fill(_ count: Int) throws {
        while recipe.count < count, !entry.isAtEnd {
            var bytes = Array(recipe)
            try entry.readFrame { bytes.append(contentsOf: $0) }
            recipe = bytes[...]
        }
    }

    private var malformed: VaultError {
        VaultError(.damaged, "The entry does not say how its content is put together.", location: location)
    }
}
