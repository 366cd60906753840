import Glibc

/// The calls of the operating system that make bytes durable, in one place so that tests can let them fail.
///
/// Each answers as the call itself does, with `errno` set on -1.
package struct SystemCalls: Sendable {
    /// pwrite(2): descriptor, bytes, offset.
    package var write: @Sendable (Int32, UnsafeRawBufferPointer, Int64) -> Int
    /// fdatasync(2).
    package var sync: @Sendable (Int32) -> Int32
    /// fsync(2) of a directory.
    package var syncDirectory: @Sendable (Int32) -> Int32
    /// ftruncate(2).
    package var truncate: @Sendable (Int32, Int64) -> Int32

    package static let live = SystemCalls(
        write: { Glibc.pwrite($0, $1.baseAddress, $1.count, Int($2)) },
        sync: { Glibc.fdatasync($0) },
        syncDirectory: { Glibc.fsync($0) },
        truncate: { Glibc.ftruncate($0, Int($1)) }
    )

    package init(
        write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, Int64) -> Int,
        sync: @escaping @Sendable (Int32) -> Int32,
        syncDirectory: @escaping @Sendable (Int32) -> Int32,
        truncate: @escaping @Sendable (Int32, Int64) -> Int32
    ) {
        self.write = write
        self.sync = sync
        self.syncDirectory = syncDirectory
        self.truncate = truncate
    }
}
