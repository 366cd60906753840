import Foundation

/// A standard stream of a program that is started: its descriptor, and the file that it is.
struct StandardStream {
    let descriptor: CInt
    let path: String
    let flags: CInt
}

/// Starts a program that inherits nothing but these streams and this environment.
///
/// - Parameter path: of the executable.
func spawn(
    _ path: String,
    _ arguments: [String],
    environment: [String: String],
    streams: [StandardStream]
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream in streams {
        posix_spawn_file_actions_addopen(&actions, stream.descriptor, stream.path, stream.flags, 0o600)
    }
    // What other tests have open: a pipe that it kept open would never end for its reader.
    for descriptor in CInt(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
    // A thread of a pool blocks signals, which the program would inherit and then never hear that it is to end.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let argv = ([path] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in argv + variables { free(text) } }
    var identifier: pid_t = 0
    guard posix_spawn(&identifier, path, &actions, &attributes, argv, variables) == 0 else {
        throw SystemProgram.Failure(description: "\(path) could not be started")
    }
    return identifier
}
