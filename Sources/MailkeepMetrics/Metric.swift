/// What an operator can watch of Mailkeep, each under its name in Prometheus' terms.
///
/// What a label can say is bounded: kinds, outcomes, classes and routes, never an address or an id.
package enum Metric: String, Sendable, CaseIterable {
    case buildInfo = "mailkeep_build_info"

    case jobDuration = "mailkeep_job_duration_seconds"
    case pendingJobs = "mailkeep_jobs_pending"
    case oldestWaitingJob = "mailkeep_oldest_waiting_job_age_seconds"

    case headersRead = "mailkeep_mail_headers_read_total"
    case mailsStored = "mailkeep_mails_stored_total"
    case mailBytesRead = "mailkeep_mail_read_bytes_total"
    case mailServerErrors = "mailkeep_mail_server_errors_total"

    case mailboxesNeedingAttention = "mailkeep_mailboxes_needing_attention"
    case backupsFailed = "mailkeep_backups_failed"
    case connectionFailures = "mailkeep_connection_failures"
    case lastSynchronisation = "mailkeep_last_synchronisation_timestamp_seconds"
    case oldestSynchronisation = "mailkeep_oldest_synchronisation_timestamp_seconds"

    case requestDuration = "mailkeep_http_request_duration_seconds"

    case vaultSize = "mailkeep_vault_bytes"
    case databaseSize = "mailkeep_database_bytes"
    case diskFree = "mailkeep_disk_free_bytes"
    case diskSize = "mailkeep_disk_size_bytes"
    case certificateEnd = "mailkeep_tls_certificate_end_timestamp_seconds"

    case processorTime = "process_cpu_seconds_total"
    case residentMemory = "process_resident_memory_bytes"
    case virtualMemory = "process_virtual_memory_bytes"
    case openFiles = "process_open_fds"
    case mostOpenFiles = "process_max_fds"
    case processStart = "process_start_time_seconds"

    /// How a metric's values come about.
    package enum Kind: Sendable, Equatable {
        /// Counted by this process since its start.
        case counter
        /// Looked up when it is asked for.
        case gauge
        /// Durations in seconds, counted up to each of these bounds.
        case histogram([Double])
    }

    package var kind: Kind {
        switch self {
        case .headersRead, .mailsStored, .mailBytesRead, .mailServerErrors: .counter
        case .jobDuration: .histogram([0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 28_800])
        case .requestDuration: .histogram([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
        default: .gauge
        }
    }

    /// What Prometheus calls the kind.
    package var type: String {
        switch self {
        case .processorTime: "counter"
        default:
            switch kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// The names of the labels, in the order in which their values are given.
    package var labels: [String] {
        switch self {
        case .buildInfo: ["version"]
        case .jobDuration: ["kind", "outcome"]
        case .pendingJobs: ["kind", "state"]
        case .mailServerErrors: ["class"]
        case .requestDuration: ["route", "status"]
        default: []
        }
    }

    /// What it says, in a sentence.
    package var help: String {
        switch self {
        case .buildInfo: "Always 1; the label says which version runs."
        case .jobDuration: "How long jobs were worked on, by kind and by how that ended."
        case .pendingJobs: "Jobs that wait, are at work, or rest as their mail server asked for, by kind."
        case .oldestWaitingJob: "How long the job has waited that has waited longest, of those that could be worked on."
        case .headersRead: "Mails whose headers were read from mail servers."
        case .mailsStored: "Mails that were stored, copies of what is stored already included."
        case .mailBytesRead: "Bytes of the mails that were read whole, as they are on the mail server."
        case .mailServerErrors: "Failures to read mailboxes, attempts that were repeated included, by class."
        case .mailboxesNeedingAttention: "Active users whose last synchronisation failed or rests."
        case .backupsFailed: "Inactive users whose last backup failed."
        case .connectionFailures: "Runs of the connection to the CRM that broke off since the last that did not."
        case .lastSynchronisation: "When a mailbox was last synchronised."
        case .oldestSynchronisation:
            "When that active user's mailbox was synchronised whose last synchronisation is longest ago."
        case .requestDuration:
            "Time until the answer to a request begins, by the first part of its route and by status."
        case .vaultSize: "Size of the stored mail on disk."
        case .databaseSize: "Size of the database on disk, its log included."
        case .diskFree: "Free space on the disk of the data directory."
        case .diskSize: "Size of the disk of the data directory."
        case .certificateEnd: "When the TLS certificate ends that is served."
        case .processorTime: "Processor time of the process."
        case .residentMemory: "Memory of the process."
        case .virtualMemory: "Address space of the process."
        case .openFiles: "Open files and connections of the process."
        case .mostOpenFiles: "How many files and connections the process may have open."
        case .processStart: "When the process started."
        }
    }
}
