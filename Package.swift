// swift-tools-version: 6.2
import PackageDescription

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "Logging", package: "swift-log"),
]

let package = Package(
    name: "mailkeep",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "mailkeep", targets: ["mailkeep"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // C libraries of the system, through thin module maps.
        .systemLibrary(
            name: "CGMime",
            path: "Sources/C/CGMime",
            pkgConfig: "gmime-3.0",
            providers: [.apt(["libgmime-3.0-dev"])]
        ),
        .systemLibrary(
            name: "CICU",
            path: "Sources/C/CICU",
            pkgConfig: "icu-uc",
            providers: [.apt(["libicu-dev"])]
        ),
        .systemLibrary(
            name: "CIDN2",
            path: "Sources/C/CIDN2",
            pkgConfig: "libidn2",
            providers: [.apt(["libidn2-dev"])]
        ),
        .systemLibrary(name: "CMalloc", path: "Sources/C/CMalloc"),
        .systemLibrary(
            name: "CZstd",
            path: "Sources/C/CZstd",
            pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"])]
        ),
        .systemLibrary(
            name: "CArchive",
            path: "Sources/C/CArchive",
            pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev"])]
        ),
        .systemLibrary(
            name: "CCurl",
            path: "Sources/C/CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),

        // Signing in.
        .target(
            name: "SASL",
            dependencies: [
                "CICU", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "OAuthClient",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),

        // Telling others.
        .target(
            name: "Delivery",
            dependencies: [
                "CCurl", "MailConnection",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),

        // Mail.
        .target(name: "IMAPCore", dependencies: [.product(name: "NIOCore", package: "swift-nio")]),
        .target(name: "MailConnection", dependencies: nio),
        .target(name: "IMAPClient", dependencies: ["IMAPCore", "MailConnection", "SASL"] + nio),
        .target(name: "POP3Client", dependencies: ["MailConnection"] + nio),
        .target(name: "MailMessage", dependencies: ["CGMime", "CICU", "CIDN2"]),
        .target(name: "MailkeepKeys", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
        .target(
            name: "MailVault",
            dependencies: ["CZstd", "MailkeepKeys", .product(name: "Crypto", package: "swift-crypto")]
        ),

        // Running it.
        .target(name: "MailkeepMetrics", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")]),

        // Mailkeep.
        .target(name: "MailkeepModel"),
        .target(
            name: "MailkeepStore",
            dependencies: [
                "MailkeepModel", "MailkeepKeys",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .target(
            name: "MailkeepSync",
            dependencies: [
                "IMAPClient", "IMAPCore", "MailConnection", "MailMessage", "MailVault", "MailkeepKeys",
                "MailkeepMetrics", "MailkeepModel", "MailkeepStore", "OAuthClient", "POP3Client", "SASL",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "MailkeepApp",
            dependencies: [
                "CArchive", "Delivery", "MailMessage", "MailVault", "MailkeepKeys", "MailkeepMetrics", "MailkeepModel",
                "MailkeepStore", "MailkeepSync", "OAuthClient",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Wording/wording.json"), .embedInCode("Wording/pages.json")]
        ),
        .target(
            name: "MailkeepWeb",
            dependencies: [
                "MailkeepApp", "MailkeepMetrics", "MailkeepModel",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Templates"), .embedInCode("Assets")]
        ),
        .executableTarget(
            name: "mailkeep",
            dependencies: [
                "CMalloc", "MailkeepApp", "MailkeepKeys", "MailkeepMetrics", "MailkeepModel", "MailkeepWeb",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),

        // Tests mirror the targets.
        .target(
            name: "TestSupport",
            dependencies: [
                "MailkeepModel",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/TestSupport"
        ),
        .testTarget(
            name: "IMAPCoreTests",
            dependencies: ["IMAPCore", "TestSupport", .product(name: "NIOTestUtils", package: "swift-nio")]
        ),
        .testTarget(name: "MailConnectionTests", dependencies: ["MailConnection"] + nio),
        .testTarget(
            name: "IMAPClientTests",
            dependencies: ["IMAPClient", "MailConnection", "SASL", "TestSupport"] + nio
        ),
        .testTarget(name: "POP3ClientTests", dependencies: ["POP3Client", "MailConnection", "TestSupport"] + nio),
        .testTarget(name: "SASLTests", dependencies: ["SASL"]),
        .testTarget(name: "OAuthClientTests", dependencies: ["OAuthClient", "TestSupport"]),
        .testTarget(
            name: "DeliveryTests",
            dependencies: ["Delivery", "TestSupport", .product(name: "NIOCore", package: "swift-nio")]
        ),
        .testTarget(name: "MailMessageTests", dependencies: ["MailMessage"]),
        .testTarget(name: "MailVaultTests", dependencies: ["MailVault", "MailkeepKeys"]),
        .testTarget(
            name: "MailkeepMetricsTests",
            dependencies: ["MailkeepMetrics", .product(name: "CoreMetrics", package: "swift-metrics")]
        ),
        .testTarget(name: "MailkeepModelTests", dependencies: ["MailkeepModel"]),
        .testTarget(
            name: "MailkeepStoreTests",
            dependencies: ["MailkeepStore", "MailkeepModel", "MailkeepKeys", "TestSupport"]
        ),
        .testTarget(
            name: "MailkeepSyncTests",
            dependencies: [
                "MailkeepSync", "MailkeepStore", "MailkeepModel", "MailkeepKeys", "MailVault", "TestSupport",
                "IMAPClient", "OAuthClient", "POP3Client", .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "MailkeepAppTests",
            dependencies: [
                "Delivery", "MailkeepApp", "MailkeepKeys", "MailkeepModel", "MailkeepStore", "MailkeepSync",
                "OAuthClient", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "MailkeepWebTests",
            dependencies: [
                "MailkeepWeb", "MailkeepApp", "MailkeepMetrics", "MailkeepModel", "MailkeepStore", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "mailkeepTests",
            dependencies: [
                "mailkeep", "MailkeepApp", "MailkeepMetrics", "MailkeepModel", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
    if Context.environment["CI"] != nil {
        target.swiftSettings?.append(.treatAllWarnings(as: .error))
    }
}
