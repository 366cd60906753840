import ArgumentParser
import MailkeepApp

/// The mail server by which administrators are told what happens; the password stands in the environment or the
/// configuration file alone.
struct MailOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The mail server that takes mail to administrators; else none is sent.", valueName: "host")
    )
    var smtpHost: String?

    @Option(help: ArgumentHelp("Its port; else 465, 587 or 25, as it is secured.", valueName: "port"))
    var smtpPort: Int?

    @Option(help: ArgumentHelp("How it is secured: tls, starttls or none; else tls.", valueName: "how"))
    var smtpSecurity: String?

    @Option(
        help: ArgumentHelp(
            "The user name to sign in with; the password is MAILKEEP_SMTP_PASSWORD.",
            valueName: "name"
        )
    )
    var smtpUsername: String?

    @Option(help: ArgumentHelp("The address that mail is from.", valueName: "email"))
    var smtpFrom: String?

    @Option(help: ArgumentHelp("Certificates (PEM) to trust for it.", valueName: "file"))
    var smtpCaFile: String?

    /// What is set here before what is set elsewhere.
    func settings(over others: MailSubmissionSettings) -> MailSubmissionSettings {
        var settings = others
        settings.host = smtpHost ?? others.host
        settings.port = smtpPort ?? others.port
        settings.security = smtpSecurity ?? others.security
        settings.username = smtpUsername ?? others.username
        settings.from = smtpFrom ?? others.from
        settings.certificateFile = smtpCaFile ?? others.certificateFile
        return settings
    }
}
