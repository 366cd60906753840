import Foundation
import Synchronization

/// Folders that serve all tests of a process.
package enum TemporaryFolders {
    private static let folders = Mutex<[String]>([])
    private static let removal: Void = {
        atexit {
            for folder in TemporaryFolders.folders.withLock({ $0 }) {
                try? FileManager.default.removeItem(atPath: folder)
            }
        }
    }()

    /// Removes a folder when the process ends.
    package static func removeAtExit(_ folder: String) {
        _ = removal
        folders.withLock { $0.append(folder) }
    }
}
