import Glibc

extension MasterKeySource {
    /// Takes the key out of this process's environment, so that no child inherits it; nil where there is none.
    ///
    /// What the operating system shows of the environment (`/proc/PID/environ`) holds it no more either. To be called
    /// before there are other threads.
    package static func takeVariable() -> [UInt8]? {
        guard let value = getenv(variable) else { return nil }
        let length = strlen(value)
        let text = Array(UnsafeRawBufferPointer(start: value, count: length))
        memset(value, 0, length)
        unsetenv(variable)
        return text.isEmpty ? nil : text
    }
}
