import Foundation
import Glibc
import MailVault
import MailkeepKeys
import Synchronization
import Testing

/// Lets calls fail, once or from a certain one on.
private final class Faults: Sendable {
    let failingWrite = Mutex<(after: Int, error: Int32)?>(nil)
    let isSyncFailing = Mutex(false)
    let isTruncateFailing = Mutex(false)
    let syncs = Mutex(0)

    /// Writes at most 1000 bytes in a call, so that short writes happen throughout.
    var calls: SystemCalls {
        SystemCalls(
            write: { descriptor, bytes, offset in
                let error = self.failingWrite.withLock { failing -> Int32? in
                    guard let (after, error) = failing else { return nil }
                    failing = (after - 1, error)
                    return after <= 0 ? error : nil
                }
                if let error {
                    errno = error
                    return -1
                }
                let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(1000))
                return SystemCalls.live.write(descriptor, part, offset)
            },
            sync: { self.sync(SystemCalls.live.sync, $0) },
            syncDirectory: { self.sync(SystemCalls.live.syncDirectory, $0) },
            truncate: { descriptor, size in
                guard !self.isTruncateFailing.withLock({ $0 }) else {
                    errno = EIO
                    return -1
                }
                return SystemCalls.live.truncate(descriptor, size)
            }
        )
    }

    private func sync(_ call: (Int32) -> Int32, _ descriptor: Int32) -> Int32 {
        syncs.withLock { $0 += 1 }
        guard !isSyncFailing.withLock({ $0 }) else {
            errno = EIO
            return -1
        }
        return call(descriptor)
    }
}

@Suite("Failing disks")
struct VaultFaultTests {
    private let faults = Faults()

    @Test(
        "A full disk is told at every write, stores nothing, and the vault goes on when there is room",
        arguments: [(ENOSPC, VaultError.Code.diskFull), (EDQUOT, .diskFull), (EIO, .ioFailed)],
        [4000, 1_100_000]
    )
    func failingWrites(fault: (error: Int32, code: VaultError.Code), size: Int) throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open(calls: faults.calls)
        let first = try vault.store(text(5000))
        let content = inOneEntry(noise(size))
        var after = 0
        while true {
            faults.failingWrite.withLock { $0 = (after, fault.error) }
            do {
                let stored = try vault.store(content)
                #expect(stored.location.offset == first.location.offset + first.location.length)
                break
            } catch let error as VaultError {
                #expect(error.code == fault.code)
                #expect(try vault.scanned().count == 1)
            }
            after += size > 100_000 && after > 3 && after < 1000 ? 97 : 1
        }
        #expect(after > 3)
        faults.failingWrite.withLock { $0 = nil }
        try vault.sync()
        #expect(try vault.scanned().map(\.isDamaged) == [false, false])
    }

    @Test("A segment that could not be begun is begun later")
    func failingFirstWrite() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open(calls: faults.calls)
        faults.failingWrite.withLock { $0 = (0, ENOSPC) }
        #expect(throws: VaultError(.diskFull, "")) { try vault.store(text(10)) }
        faults.failingWrite.withLock { $0 = nil }
        #expect(try vault.store(text(10)).location.segment == 1)
    }

    @Test("EINTR is no failure")
    func interrupted() throws {
        let fixture = try VaultFixture()
        let turn = Mutex(0)
        var calls = SystemCalls.live
        calls.write = { descriptor, bytes, offset in
            let isInterrupted = turn.withLock { turn in
                turn += 1
                return turn % 2 == 1
            }
            guard !isInterrupted else {
                errno = EINTR
                return -1
            }
            return SystemCalls.live.write(descriptor, bytes, offset)
        }
        let vault = try fixture.open(calls: calls)
        #expect(try vault.readAll(vault.store(text(5000))) == text(5000))
    }

    @Test("A failed fsync poisons the vault for good")
    func failingSync() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open(calls: faults.calls)
        let stored = try vault.store(text(5000))
        try vault.sync()
        let writer = try vault.makeWriter()
        _ = try vault.store(noise(10))
        faults.isSyncFailing.withLock { $0 = true }
        #expect(throws: VaultError(.poisoned, "")) { try vault.sync() }
        faults.isSyncFailing.withLock { $0 = false }

        #expect(throws: VaultError(.poisoned, "")) { try vault.sync() }
        #expect(throws: VaultError(.poisoned, "")) { try vault.makeWriter() }
        #expect(throws: VaultError(.poisoned, "")) { try writer.write([1]) }
        #expect(throws: VaultError(.poisoned, "")) { try writer.finish() }
        #expect(throws: VaultError(.poisoned, "")) { try vault.readAll(stored) }
        #expect(throws: VaultError(.poisoned, "")) { try vault.scanned() }
    }

    @Test("Nothing new means no fsync")
    func idleSync() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open(calls: faults.calls)
        _ = try vault.store(text(5000))
        try vault.sync()
        let before = faults.syncs.withLock { $0 }
        try vault.sync()
        _ = try vault.store(text(5000))
        try vault.sync()
        #expect(faults.syncs.withLock { $0 } == before)
    }

    @Test("A failed fsync when a segment is full poisons the vault")
    func failingRollOver() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open(segmentSize: 4000, calls: faults.calls)
        _ = try vault.store(noise(3000))
        faults.isSyncFailing.withLock { $0 = true }
        #expect(throws: VaultError(.poisoned, "")) { try vault.store(noise(3000, seed: 2)) }
        #expect(throws: VaultError(.poisoned, "")) { try vault.sync() }
    }

    @Test("A part of an entry that cannot be cut off again poisons the vault, and is cut off when it is opened")
    func failingTruncate() throws {
        let fixture = try VaultFixture()
        let stored: StoredContent
        do {
            let vault = try fixture.open(calls: faults.calls)
            stored = try vault.store(text(5000))
            try vault.sync()
            faults.failingWrite.withLock { $0 = (2, ENOSPC) }
            faults.isTruncateFailing.withLock { $0 = true }
            #expect(throws: VaultError(.poisoned, "")) { try vault.store(noise(5000)) }
            #expect(throws: VaultError(.poisoned, "")) { try vault.sync() }
        }
        let vault = try fixture.open()
        #expect(try vault.scanned().map(\.location) == [stored.location])
    }
}
