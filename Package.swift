// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "rivet",
    products: [
        .executable(name: "rivet-gateway", targets: ["Gateway"]),
        .executable(name: "rivet-state", targets: ["StateService"]),
        .executable(name: "rivet-library", targets: ["LibraryService"]),
        .executable(name: "rivetctl", targets: ["Control"]),
        // For developers and tests only; never installed.
        .executable(name: "rivet-chat", targets: ["Chat"]),
        .executable(name: "rivet-bench", targets: ["Benchmarks"]),
        .executable(name: "rivet-simulate", targets: ["Simulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // Without traits: the default trait needs Foundation.
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Shared: C libraries
        .systemLibrary(
            name: "CSQLite", path: "Shared/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CLibpq", path: "Shared/CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CCurl", path: "Shared/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CSystemd", path: "Shared/CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(
            name: "CCrypto", path: "Shared/CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .systemLibrary(name: "CThreads", path: "Shared/CThreads"),
        .systemLibrary(name: "CUtf8proc", path: "Shared/CUtf8proc", providers: [.apt(["libutf8proc-dev"])]),

        // Shared: cores, which do no I/O
        .target(name: "TextRules", dependencies: ["CUtf8proc"], path: "Shared/TextRules"),
        .target(name: "Dialogue", dependencies: ["TextRules"], path: "Shared/Dialogue"),
        .target(name: "Contracts", dependencies: ["TextRules"], path: "Shared/Contracts"),
        .target(name: "KillPoints", path: "Shared/KillPoints"),
        .target(
            name: "Sending",
            dependencies: [
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            path: "Shared/Sending"),

        // Shared: shells
        .target(name: "Threads", dependencies: ["CThreads"], path: "Shared/Threads"),
        .target(
            name: "Wire",
            dependencies: [
                "Contracts",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Shared/Wire"),
        .target(
            name: "Migrations", path: "migrations", resources: migrationFiles.map { .embedInCode($0) }),
        .target(
            name: "Persistence",
            dependencies: [
                "Contracts", "CLibpq", "CSQLite", "KillPoints", "Migrations", "Threads",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Shared/Persistence"),
        .target(
            name: "TelegramBotAPI",
            dependencies: ["CCurl", "Threads", .product(name: "Logging", package: "swift-log")],
            path: "Shared/TelegramBotAPI"),
        .target(name: "Systemd", dependencies: ["CSystemd"], path: "Shared/Systemd"),
        .target(
            name: "ServiceKit",
            dependencies: [
                "Contracts", "KillPoints", "Systemd", "Wire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Shared/ServiceKit"),

        // Services
        .executableTarget(
            name: "Gateway",
            dependencies: [
                "Contracts", "Dialogue", "KillPoints", "Sending", "ServiceKit", "Systemd", "TelegramBotAPI", "Wire",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Services/Gateway"),
        .executableTarget(
            name: "StateService", dependencies: storeServiceDependencies, path: "Services/StateService"),
        .executableTarget(
            name: "LibraryService", dependencies: storeServiceDependencies, path: "Services/LibraryService"),
        .executableTarget(
            name: "Control",
            dependencies: [
                "CCrypto", "Contracts", "KillPoints", "Persistence", "Sending", "ServiceKit", "Systemd",
                "TelegramBotAPI", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Services/Control"),

        // Tests
        .systemLibrary(name: "CLibedit", path: "Tests/CLibedit", providers: [.apt(["libedit-dev"])]),
        .target(
            name: "TelegramSimulator",
            dependencies: [
                "Contracts",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            path: "Tests/TelegramSimulator"),
        .target(name: "TestSupport", dependencies: ["Contracts", "CSQLite"], path: "Tests/TestSupport"),
        .executableTarget(
            name: "Chat",
            dependencies: [
                "CLibedit", "TelegramSimulator", "TestSupport", "Contracts", "Threads",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Chat"),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Contracts", "CLibpq", "CSQLite", "Migrations", "ServiceKit", "Systemd", "TelegramSimulator",
                "TestSupport",
            ],
            path: "Tests/Benchmarks", exclude: ["FIGURES.md"]),
        .target(
            name: "Simulation", dependencies: ["Contracts", "Persistence", "Sending", "TestSupport"],
            path: "Tests/Simulation"),
        .executableTarget(name: "Simulate", dependencies: ["Simulation"], path: "Tests/Simulate"),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation", "Persistence"], path: "Tests/SimulationTests"),
        .testTarget(
            name: "SendingTests", dependencies: ["Sending", "Simulation", "TestSupport"],
            path: "Tests/SendingTests"),
        .testTarget(
            name: "TextRulesTests", dependencies: ["TestSupport", "TextRules"],
            path: "Tests/TextRulesTests"),
        .testTarget(name: "ContractsTests", dependencies: ["TestSupport", "Contracts"], path: "Tests/ContractsTests"),
        .testTarget(
            name: "DialogueTests", dependencies: ["TestSupport", "Dialogue", "TextRules"],
            path: "Tests/DialogueTests"),
        .testTarget(
            name: "WireTests",
            dependencies: [
                "TestSupport", "Contracts", "Wire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/WireTests"),
        .testTarget(
            name: "PersistenceTests",
            dependencies: ["TestSupport", "Contracts", "CSQLite", "Migrations", "Persistence"],
            path: "Tests/PersistenceTests"),
        .testTarget(
            name: "PostgresTests",
            dependencies: ["TestSupport", "Contracts", "CLibpq", "Migrations", "Persistence"],
            path: "Tests/PostgresTests"),
        .testTarget(
            name: "TelegramBotAPITests",
            dependencies: ["TestSupport", "TelegramBotAPI", "TelegramSimulator", "Contracts"],
            path: "Tests/TelegramBotAPITests"),
        .testTarget(
            name: "TelegramSimulatorTests", dependencies: ["TelegramSimulator", "Contracts"],
            path: "Tests/TelegramSimulatorTests"),
        .testTarget(
            name: "ServiceKitTests",
            dependencies: [
                "TestSupport", "Control", "Contracts", "Persistence", "ServiceKit", "Systemd", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            path: "Tests/ServiceKitTests"),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "TestSupport", "Gateway", "Dialogue", "Sending", "TelegramBotAPI", "Contracts", "ServiceKit",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/GatewayTests"),
        .testTarget(
            name: "SocketTests",
            dependencies: [
                "Contracts", "Persistence", "TelegramSimulator", "TestSupport", "Gateway", "StateService",
                "LibraryService", "Control", "Chat", "CSQLite", "ServiceKit", "TelegramBotAPI",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/SocketTests"),
        // The sources, as texts.
        .testTarget(name: "TidyTests", path: "Tests/TidyTests"),
        .testTarget(name: "ChatTests", dependencies: ["TestSupport", "Chat"], path: "Tests/ChatTests"),
        .testTarget(
            name: "SystemdTests", dependencies: ["Contracts", "ServiceKit", "TelegramSimulator", "TestSupport"],
            path: "Tests/SystemdTests", exclude: ["container.sh"]),
    ]
)

var migrationFiles: [String] {
    [
        "002_conversation_states.sql", "002_conversation_states.sqlite.sql",
        "003_user_machines.sql", "003_user_machines.sqlite.sql",
        "004_conversation_revisions.sql", "004_conversation_revisions.sqlite.sql",
        "005_machine_revisions.sql", "005_machine_revisions.sqlite.sql",
        "006_conversation_replication.sql", "006_conversation_replication.sqlite.sql",
        "007_machine_replication.sql", "007_machine_replication.sqlite.sql",
        "008_conversation_keys.sql", "008_conversation_keys.sqlite.sql",
        "009_machine_keys.sql", "009_machine_keys.sqlite.sql",
    ]
}

var storeServiceDependencies: [Target.Dependency] {
    [
        "Contracts", "KillPoints", "Persistence", "ServiceKit", "Systemd", "Wire",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    ]
}

// The compiler settings of every Swift target, in one place.
for target in package.targets where target.type != .system {
    var settings = target.swiftSettings ?? []
    settings += [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // Compiles the points at which a test kills a process. Release builds have none.
        .define("RIVET_KILL_POINTS", .when(configuration: .debug)),
    ]
    target.swiftSettings = settings
}

// Documents beside the sources of a target, relative to its path: SwiftPM has nothing to do with them.
let documents = [
    "Contracts": ["DECISIONS.md"], "Control": ["DECISIONS.md"], "Gateway": ["DECISIONS.md"],
    "Persistence": ["DECISIONS.md", "Postgres/DECISIONS.md", "SQLite/DECISIONS.md"], "Sending": ["DECISIONS.md"],
    "ServiceKit": ["DECISIONS.md"], "TelegramBotAPI": ["DECISIONS.md"], "Wire": ["DECISIONS.md"],
]
for target in package.targets { target.exclude += documents[target.name] ?? [] }

// Linker flags for release builds of the programs. To save size: no table of exported functions, one copy of identical
// functions, short relocations (glibc 2.36 and later). Against attacks: all symbols are resolved at the start.
for target in package.targets where target.type == .executable {
    target.linkerSettings = [
        .unsafeFlags(
            ["-use-ld=lld"]
                + ["--no-export-dynamic", "--icf=safe", "-O2", "-z", "pack-relative-relocs", "-z", "now"].flatMap {
                    ["-Xlinker", $0]
                },
            .when(configuration: .release))
    ]
}
