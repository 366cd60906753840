import Configuration

/// What can be set outside the command line, by its place in the configuration file.
enum SettingKey: String, CaseIterable {
    case data
    case masterKeyCommand = "master.key.command"
    case allowMailNetwork = "allow.mail.network"
    case allowMailPath = "allow.mail.path"
    case host
    case port
    case tlsCertificate = "tls.certificate"
    case tlsKey = "tls.key"
    case publicURL = "public.url"
    case trustedProxy = "trusted.proxy"
    case syncInterval = "sync.interval"
    case connectInterval = "connect.interval"
    case watchedInboxes = "watched.inboxes"
    case mailConnections = "mail.connections"
    case apiRateLimit = "api.rate.limit"
    case smtpHost = "smtp.host"
    case smtpPort = "smtp.port"
    case smtpSecurity = "smtp.security"
    case smtpUsername = "smtp.username"
    case smtpPassword = "smtp.password"
    case smtpFrom = "smtp.from"
    case smtpCAFile = "smtp.ca.file"
    case uploadLimit = "upload.limit"
    case logFormat = "log.format"
    case logLevel = "log.level"
    case metricsToken = "metrics.token"

    var key: ConfigKey { ConfigKey(rawValue) }

    /// The environment variable that says the same.
    var variable: String { "MAILKEEP_" + rawValue.uppercased().replacing(".", with: "_") }
}

/// What can be set for a provider at which users sign in, by its place below the provider's name.
enum ProviderKey: String, CaseIterable {
    case clientID = "client.id"
    case clientSecret = "client.secret"
    case tenant
    case scope
    case authorizationEndpoint = "authorization.endpoint"
    case tokenEndpoint = "token.endpoint"
    case mailHost = "mail.host"
    case mailPort = "mail.port"
    case certificateFile = "ca.file"

    var key: ConfigKey { ConfigKey(rawValue) }
}
