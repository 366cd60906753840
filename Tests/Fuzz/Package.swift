// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as its code is built with instruments that nothing else should have. dev/fuzz builds it.
let instruments = ["-sanitize=fuzzer,address", "-parse-as-library"]

let package = Package(
    name: "mailkeep-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2")
    ],
    targets: [
        .target(
            name: "IMAPCore",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]
        ),
        .executableTarget(
            name: "FuzzResponses",
            dependencies: ["IMAPCore", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: [.unsafeFlags(instruments)],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
        ]
}
