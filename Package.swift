// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of ours: what the compiler can refuse, it refuses.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // By its mangled name the runtime finds a generic type such as OptionGroup<Needs> through all
  // conformances of the program at its first use: half of what a command executed from start to
  // exit. The compiler knows them.
  .unsafeFlags(
    ["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"],
    .when(configuration: .release)),
]

/// The boxes of large messages are the generated code's own, and nobody else reaches into them:
/// watching each access is a tenth of encoding a listing. Debug builds, the tests', watch.
let generated: [SwiftSetting] = [
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

/// The generated protobuf code imports what it likes; only its own flags differ.
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let arguments = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")

/// Nothing looks the symbols of these programs up; without them they are 2 MB smaller, and start
/// 0.2 ms sooner.
let lean: [LinkerSetting] = [
  .unsafeFlags(["-Xlinker", "--no-export-dynamic"], .when(configuration: .release))
]

/// At a fixed address no pointer in the Swift library's tables has to be set at every start: half a
/// megabyte of them took a fifth of a command's time. Commands live for milliseconds and run as
/// whoever calls them; what lives long or has privileges goes wherever the kernel likes.
let quick: [LinkerSetting] =
  lean + [.unsafeFlags(["-Xclang-linker", "-no-pie"], .when(configuration: .release))]

/// fluster-web speaks HTTP through GNU libmicrohttpd: it takes a socket that listens already, as
/// socket activation and our own checks of the address need, its epoll descriptor is one of our
/// loop's, it bounds heads, connections and idle time, and an idle event stream costs 18 KB.
/// Measured in release on 2026-11-23, a hello and 1,000 idle event streams: Hummingbird 2.28.1
/// builds for 225 s of processor time with 30 packages, is 25 MB stripped, 18 MB resident idle and
/// 37 MB with the streams, and cannot be given a socket. FlyingFox 0.27.1 builds for 34 s, but
/// needs all of Foundation: statically it does not link without libcurl, else it is 28 MB and 40 MB
/// resident; it bounds neither the head of a request nor the time that one takes, and ends when
/// descriptors run out.

/// One executable a command; each is a few lines over FlusterCommands. Packages hold `fluster` and
/// `flusterd` alone, and links to them: each is any of its kind, by the name it is called.
let commands = [
  "fluster-submit", "fluster-run", "fluster-ls", "fluster-wait", "fluster-log", "fluster-kill",
  "fluster-set", "fluster-ctl", "fluster-endpoint",
]

let package = Package(
  name: "fluster-batch",
  dependencies: [
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(
      name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    // No symbol is looked up at its first call: a child of the shim has not all that takes.
    .target(
      name: "CFluster",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-fno-plt"])]),
    .target(name: "FlusterCore", dependencies: [heap], swiftSettings: strict),
    .target(
      name: "FlusterProtocol", dependencies: ["FlusterCore", protobuf],
      exclude: ["fluster.proto", "fluster.proto.sha256"], swiftSettings: strict + generated),
    .target(
      name: "FlusterStore", dependencies: ["FlusterCore", "CSQLite", deque], swiftSettings: strict),
    .target(name: "FlusterSystem", dependencies: ["CFluster"], swiftSettings: strict),
    .target(
      name: "FlusterSystemd", dependencies: ["FlusterSystem", "CSystemd", log],
      swiftSettings: strict),
    .target(
      name: "FlusterClient",
      dependencies: ["FlusterCore", "FlusterProtocol", "FlusterSystem", arguments],
      swiftSettings: strict),
    .target(
      name: "FlusterCommands",
      dependencies: [
        "FlusterClient", "FlusterCore", "FlusterProtocol", "FlusterSystem", arguments,
      ],
      swiftSettings: strict),
    .target(
      name: "FlusterDaemon",
      dependencies: [
        "FlusterCore", "FlusterProtocol", "FlusterStore", "FlusterSystem", "FlusterSystemd",
        arguments, deque, log,
      ],
      path: "Sources/flusterd", exclude: ["Program"], swiftSettings: strict),
    .executableTarget(
      name: "flusterd", dependencies: ["FlusterDaemon", "FlusterWorker"],
      path: "Sources/flusterd/Program", swiftSettings: strict, linkerSettings: lean),
    .target(
      name: "FlusterWorker",
      dependencies: [
        "FlusterCore", "FlusterProtocol", "FlusterSystem", "FlusterSystemd", arguments, log,
      ],
      path: "Sources/fluster-worker", exclude: ["Program"], swiftSettings: strict),
    .executableTarget(
      name: "fluster-worker", dependencies: ["FlusterWorker"],
      path: "Sources/fluster-worker/Program", swiftSettings: strict),
    .target(
      name: "FlusterWeb",
      dependencies: [
        "CMicrohttpd", "FlusterClient", "FlusterCommands", "FlusterCore", "FlusterDaemon",
        "FlusterProtocol", "FlusterSystem", "FlusterSystemd", arguments,
      ],
      path: "Sources/fluster-web", exclude: ["Program"], swiftSettings: strict),
    .executableTarget(
      name: "fluster-web", dependencies: ["FlusterWeb"], path: "Sources/fluster-web/Program",
      swiftSettings: strict, linkerSettings: lean),
    .executableTarget(
      name: "fluster", dependencies: ["FlusterCommands"], swiftSettings: strict,
      linkerSettings: quick),
    .executableTarget(
      name: "fluster-shim",
      dependencies: ["CFluster", "FlusterSystem", "FlusterSystemd", log],
      swiftSettings: strict),
    .testTarget(
      name: "FlusterCoreTests", dependencies: ["FlusterCore", "FlusterStore"],
      swiftSettings: strict),
    .testTarget(
      name: "FlusterProtocolTests", dependencies: ["FlusterCore", "FlusterProtocol", protobuf],
      swiftSettings: strict),
    .testTarget(
      name: "FlusterStoreTests", dependencies: ["FlusterCore", "FlusterStore", "CSQLite"],
      swiftSettings: strict),
    .testTarget(
      name: "FlusterSystemTests",
      dependencies: ["CFluster", "FlusterSystem", "FlusterSystemd", log], swiftSettings: strict),
    .testTarget(
      name: "ShimTests", dependencies: ["CFluster", "FlusterSystem"], swiftSettings: strict),
    .testTarget(
      name: "WorkerTests",
      dependencies: [
        "FlusterCore", "FlusterProtocol", "FlusterSystem", "FlusterTesting", "FlusterWorker", log,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FlusterClientTests",
      dependencies: [
        "FlusterClient", "FlusterCommands", "FlusterCore", "FlusterProtocol", "FlusterSystem",
        "FlusterTesting",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ProgramTests",
      dependencies: [
        "FlusterCore", "FlusterDaemon", "FlusterProtocol", "FlusterStore", "FlusterSystem",
        "FlusterTesting", protobuf,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "WebTests", dependencies: ["FlusterCore", "FlusterProtocol", "FlusterWeb"],
      swiftSettings: strict),
    .testTarget(name: "TidyTests", dependencies: ["FlusterTesting"], swiftSettings: strict),
    .target(name: "FlusterTesting", path: "Tests/FlusterTesting", swiftSettings: strict),
  ]
    + commands.map {
      .executableTarget(
        name: $0, dependencies: ["FlusterCommands"], swiftSettings: strict, linkerSettings: quick)
    })
