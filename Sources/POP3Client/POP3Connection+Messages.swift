package import NIOCore

extension POP3Connection {
    /// Reads whole messages byte for byte (`RETR`).
    ///
    /// - Parameter onMessage: is called for each message, in the order that is asked for.
    /// - Returns: the messages that the server refuses to read.
    package nonisolated(nonsending) func retrieve(
        _ numbers: [UInt32],
        onMessage: nonisolated(nonsending) (POP3Message) async throws -> Void
    ) async throws -> [UInt32] {
        try await hand(over: numbers, by: POP3Command.retrieve, onMessage: onMessage)
    }

    /// Reads the headers of messages (`TOP`, or, with servers that have none, `RETR`).
    ///
    /// - Returns: the messages that the server refuses to read.
    package nonisolated(nonsending) func headers(
        of numbers: [UInt32],
        onHeader: nonisolated(nonsending) (POP3Header) async throws -> Void
    ) async throws -> [UInt32] {
        var refused = numbers
        if !capabilities.areKnown || capabilities.offers("TOP") {
            refused = try await hand(over: numbers, by: POP3Command.top) { message in
                let (bytes, isWhole, _) = try await read(message)
                try await onHeader(POP3Header(number: message.number, bytes: bytes, isWhole: isWhole, size: nil))
            }
        }
        return try await retrieve(refused) { message in
            let (bytes, isWhole, size) = try await read(message)
            try await onHeader(POP3Header(number: message.number, bytes: bytes, isWhole: isWhole, size: size))
        }
    }

    private nonisolated(nonsending) func read(
        _ message: POP3Message
    ) async throws -> (bytes: ByteBuffer, isWhole: Bool, size: UInt64) {
        var header = POP3HeaderCollector(limit: limits.headerLength)
        var size: UInt64 = 0
        for try await chunk in message.chunks {
            size += UInt64(chunk.readableBytes)
            header.append(chunk)
        }
        return (header.bytes, header.isWhole, size)
    }

    private nonisolated(nonsending) func hand(
        over numbers: [UInt32],
        by command: (UInt32) -> POP3Command,
        onMessage: nonisolated(nonsending) (POP3Message) async throws -> Void
    ) async throws -> [UInt32] {
        guard !numbers.isEmpty else { return [] }
        var refused: [UInt32] = []
        try await pipeline(numbers.map(command)) { index, status in
            guard status.isOK else {
                guard !status.isTemporary else { throw POP3Error(refusing: command(numbers[index]), status) }
                return refused.append(numbers[index])
            }
            let number = message.begin()
            try await onMessage(
                POP3Message(number: numbers[index], chunks: POP3MessageChunks(source: self, number: number))
            )
            while try await nextChunk(ofMessage: number) != nil {}
        }
        return refused
    }

    /// The next bytes of a message, or nil when it has ended or another one has begun.
    nonisolated(nonsending) func nextChunk(ofMessage number: Int) async throws -> ByteBuffer? {
        guard message.isUnderWay, number == message.number else { return nil }
        if case .bytes(let bytes) = try await nextPiece() { return bytes }
        message.isUnderWay = false
        return nil
    }
}

/// Which message is being handed over.
struct MessageInTransit {
    private(set) var number = 0
    var isUnderWay = false

    mutating func begin() -> Int {
        number &+= 1
        isUnderWay = true
        return number
    }
}

/// The header of a message.
package struct POP3Header: Sendable {
    package let number: UInt32
    /// Up to the empty line, which is left out.
    package let bytes: ByteBuffer
    /// Whether nothing of it was cut off for its length.
    package let isWhole: Bool
    /// Of the whole message in bytes, where all of it was read.
    package let size: UInt64?
}

/// One message on its way from the server; valid only in the call that it is handed to.
package struct POP3Message {
    package let number: UInt32
    /// The raw message piece by piece, each read from the server only when asked for.
    package let chunks: POP3MessageChunks
}

@available(*, unavailable)
extension POP3Message: Sendable {}

/// The bytes of one message; they come once, and what is left of them when the call returns is passed over.
package struct POP3MessageChunks: AsyncSequence {
    package typealias Element = ByteBuffer

    fileprivate let source: POP3Connection
    fileprivate let number: Int

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: POP3Connection
        fileprivate let number: Int

        package nonisolated(nonsending) mutating func next() async throws -> ByteBuffer? {
            try await source.nextChunk(ofMessage: number)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source, number: number)
    }
}

@available(*, unavailable)
extension POP3MessageChunks: Sendable {}
