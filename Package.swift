// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: language mode 6 and warnings as errors everywhere.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// With the trait `Embedded`, `entrypoint` is built as it ships: in Embedded Swift, which makes no types while the program
/// runs. The other programs and the tests are ordinary Swift of the same sources (`Runtime`).
let embedded = BuildSettingCondition.when(configuration: .release, traits: ["Embedded"])
let runtime = BuildSettingCondition.when(configuration: .release, traits: ["Runtime"])

/// Settings of what runs as PID 1: small, without the regular expression engine that Swift imports by default, and in
/// pieces of which the linker leaves out those that nothing reaches.
let privileged: [SwiftSetting] =
    strict + [
        .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"]),
        .unsafeFlags(["-Osize"], .when(configuration: .release)),
        .unsafeFlags(["-enable-experimental-feature", "Embedded"], embedded),
        // Constant arrays become variables whose names are numbered anew in each module that compiles the same function.
        // The linker takes one of two for the other then.
        .unsafeFlags(["-Xllvm", "-sil-disable-pass=object-outliner"], embedded),
        .unsafeFlags(
            ["-Xfrontend", "-function-sections", "-Xfrontend", "-internalize-at-link"],
            .when(configuration: .release)),
        // Generic types are made directly, and not found by their names, which took a tenth of a boot's instructions.
        .unsafeFlags(
            ["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"], runtime),
    ]

/// What serves as process 1 while the command runs is optimised in debug builds, too: unoptimised generic code takes memory
/// for its types at first use, and the tests are to see what ships.
let process1: [SwiftSetting] = privileged + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// Release programs are static and stripped; debug builds and tests stay dynamic. The toolchain's own linker leaves out
/// what the script names.
let staticExecutable: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-use-ld=lld", "-Xlinker", "-s",
            "-Xlinker", "--script=\(Context.packageDirectory)/Sources/static-program.ld",
        ], .when(configuration: .release)),
    .unsafeFlags(["-static-executable"], runtime),
    .unsafeFlags(
        [
            "-enable-experimental-feature", "Embedded", "-Xclang-linker", "-static", "-Xclang-linker", "-no-pie",
            "-lswiftUnicodeDataTables", "-lyaml", "-lcap", "-lm",
        ], embedded),
]

let package = Package(
    name: "entrypoint",
    products: [
        .executable(name: "entrypoint", targets: ["entrypoint"]),
        .executable(name: "entrypointctl", targets: ["entrypointctl"]),
    ],
    traits: [
        .trait(name: "Runtime", description: "Ordinary Swift, with its runtime"),
        .trait(name: "Embedded", description: "entrypoint as it ships, in Embedded Swift"),
        .default(enabledTraits: ["Runtime"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-Wall", "-Werror"])]),
        // What runs before the first line of Swift, some of it before the C library, which must not be called then; only the
        // program that runs with privileges has it.
        .target(
            name: "CStart", dependencies: ["CLinux"],
            cSettings: [
                .define("_GNU_SOURCE"), .unsafeFlags(["-Wall", "-Werror", "-ffreestanding", "-fno-stack-protector"]),
            ]),
        .systemLibrary(name: "CLibcap", providers: [.apt(["libcap-dev"])]),
        .systemLibrary(name: "CLibyaml", providers: [.apt(["libyaml-dev"])]),
        // Names of hosts without the modules of the C library; only entrypointctl asks for one.
        .systemLibrary(name: "CCares", providers: [.apt(["libc-ares-dev"])]),
        // Each imports only those above it: what a target may not know it cannot use.
        .target(name: "Text", swiftSettings: process1),
        .target(name: "Linux", dependencies: ["CLinux", "CLibcap", "Text"], swiftSettings: process1),
        .target(name: "YAML", dependencies: ["CLibyaml", "Text"], swiftSettings: privileged),
        .target(name: "Programs", dependencies: ["Linux", "Text"], swiftSettings: privileged),
        .target(name: "Init", dependencies: ["Linux"], swiftSettings: process1),
        .target(name: "Boot", dependencies: ["Linux", "Programs", "Text", "YAML"], swiftSettings: privileged),
        .target(
            name: "Session", dependencies: ["Boot", "Init", "Linux", "Programs", "Text"],
            swiftSettings: privileged),
        // What messages mean: only the program that people ask has the words.
        .target(name: "Explanations", dependencies: ["Boot", "Text"], swiftSettings: strict),
        // What needs no privilege, a folder a capability: only the program that people start has it.
        .target(
            name: "UserSide", dependencies: ["Boot", "CCares", "CLinux", "Linux", "Programs", "Text", "YAML"],
            swiftSettings: strict),
        .executableTarget(
            name: "entrypoint", dependencies: ["Boot", "CStart", "Linux", "Session", "Text"],
            swiftSettings: privileged,
            linkerSettings: staticExecutable + [
                .unsafeFlags(
                    [
                        "-Xlinker", "--script=\(Context.packageDirectory)/Sources/entrypoint.ld",
                        "-Xlinker", "--entry=entrypoint_start", "-Xlinker", "--wrap=posix_memalign",
                        // Made by scripts/order; names that are no longer there are passed over.
                        "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/Sources/entrypoint.order",
                        "-Xlinker", "--no-warn-symbol-ordering",
                    ], .when(configuration: .release))
            ]),
        .executableTarget(
            name: "entrypointctl",
            dependencies: [
                // Root, too, starts it where a pod has set the variables.
                "Boot", "CStart", "Explanations", "Linux", "Programs", "Session", "Text",
                "UserSide",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict,
            // ArgumentParser's FoundationEssentials needs these archives, which auto-linking leaves out.
            linkerSettings: staticExecutable + [
                .unsafeFlags(
                    ["-l_FoundationCollections", "-l_FoundationCShims", "-lswiftSynchronization"],
                    .when(configuration: .release))
            ]),
        // Process 1 without a boot: what the tests of Init start.
        .executableTarget(
            name: "init-fixture", dependencies: ["Boot", "Init", "Linux", "Session", "Text"], path: "Tests/InitFixture",
            swiftSettings: privileged, linkerSettings: staticExecutable),
        // What the tests have in common: programs that they start, directories that they work in.
        .target(
            name: "TestSupport", dependencies: ["CTestSupport", "Linux", "Text"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "InitTests", dependencies: ["Init", "Linux", "TestSupport", "init-fixture"], swiftSettings: strict),
        .testTarget(
            name: "LinuxTests", dependencies: ["Linux", "Text", "TestSupport", "CTestSupport"],
            swiftSettings: strict),
        .systemLibrary(name: "CMalloc", path: "Tests/CMalloc"),
        .testTarget(
            name: "YAMLTests", dependencies: ["CMalloc", "Text", "YAML"], exclude: ["Corpus", "Fuzz"],
            swiftSettings: strict),
        .testTarget(
            name: "BootTests",
            dependencies: [
                "Boot", "Explanations", "Init", "Linux", "Programs", "Session", "TestSupport", "Text", "YAML",
                "CTestSupport",
            ],
            exclude: ["Golden", "fuzz"],
            swiftSettings: strict),
        .testTarget(
            name: "UserSideTests",
            dependencies: ["Boot", "CTestSupport", "Linux", "Programs", "TestSupport", "Text", "UserSide", "YAML"],
            exclude: ["Golden"],
            swiftSettings: strict),
        .target(
            name: "CTestSupport", path: "Tests/CTestSupport",
            cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-Wall", "-Werror"])]),
        .testTarget(
            name: "EntrypointTests",
            dependencies: ["Boot", "Linux", "Programs", "Session", "TestSupport", "Text", "CTestSupport"],
            exclude: ["Golden"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
