/// Networks and folders that the person who asked for a job had opened for it, beyond those of the process.
package struct JobPermissions: Sendable, Equatable, Codable {
    /// CIDR blocks of mail servers on this machine or private networks.
    package var mailNetworks: [String]
    /// Folders of this machine from which mail files may be read.
    package var mailPaths: [String]

    package init(mailNetworks: [String] = [], mailPaths: [String] = []) {
        self.mailNetworks = mailNetworks
        self.mailPaths = mailPaths
    }

    /// What either of the two may reach.
    package func merging(_ other: JobPermissions) -> JobPermissions {
        JobPermissions(
            mailNetworks: Set(mailNetworks + other.mailNetworks).sorted(),
            mailPaths: Set(mailPaths + other.mailPaths).sorted()
        )
    }
}
