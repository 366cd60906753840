import Foundation
import Glibc

/// File systems whose locks and memory maps another machine may not honour.
enum NetworkFileSystem {
    /// The type of the network file system that holds `path` (`nfs4`, `fuse.sshfs`, …); nil for a local one.
    static func type(at path: String) -> String? {
        guard let real = realpath(path, nil),
            let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        else { return nil }
        defer { free(real) }
        return mountedType(of: String(cString: real), mounts: mounts).flatMap { types.contains($0) ? $0 : nil }
    }

    /// The type of the mount that holds `path`, which is absolute and without symbolic links, out of
    /// `/proc/self/mountinfo` (proc(5)).
    static func mountedType(of path: String, mounts: String) -> String? {
        var found: (point: String, type: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 4, let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count
            else { continue }
            let point = unescaped(fields[4])
            let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
            // Of two mounts on one point the later one is seen.
            if isAbove, point.utf8.count >= found?.point.utf8.count ?? 0 {
                found = (point, String(fields[separator + 1]))
            }
        }
        return found?.type
    }

    /// Space, tab, line feed and backslash are written in octal there.
    private static func unescaped(_ field: Substring) -> String {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
            .reduce(String(field)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }

    static let types: Set<String> = [
        "9p", "afs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.ceph-fuse", "fuse.curlftpfs", "fuse.davfs",
        "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys", "fuse.juicefs", "fuse.mfs", "fuse.mount-s3", "fuse.rclone",
        "fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs", "kafs", "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3", "smbfs",
    ]
}
