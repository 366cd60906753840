import Foundation

/// A new directory under `/tmp`, where paths are short enough for sockets.
struct ServerDirectory: Sendable {
    let url: URL

    init() throws {
        var template = Array("/tmp/mk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        self.url = URL(filePath: String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    func remove() {
        try? FileManager.default.removeItem(at: url)
    }
}
