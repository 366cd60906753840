import Foundation

/// Runs a program of the system to its end.
package enum SystemProgram {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What the program wrote to its standard output; throws with what it wrote to the other if it fails.
    @discardableResult
    package static func run(_ name: String, _ arguments: String...) throws -> String {
        try run(name, arguments)
    }

    @discardableResult
    package static func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let written = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(name): \(String(decoding: complaints, as: UTF8.self))")
        }
        return String(decoding: written, as: UTF8.self)
    }
}
