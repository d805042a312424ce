// swift-tools-version: 6.2
import PackageDescription

/// Every room is compiled in Swift 6 mode with these settings (docs/architecture.md).
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
]

/// One room: a module under Sources/ that imports only the rooms below it.
func room(_ name: String, _ below: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: below, swiftSettings: settings)
}

func tests(_ name: String, _ of: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: of, swiftSettings: settings)
}

/// The git revision that `rwv --version` shows: RWV_REVISION of the environment (a build from an archive), else git's.
let revision = Context.environment["RWV_REVISION"] ?? Context.gitInformation.map { String($0.currentCommit.prefix(12)) } ?? "unknown"

let package = Package(
    name: "weavefs",
    products: [.executable(name: "rwv", targets: ["rwv"])],
    targets: [
        // What Glibc hides from Swift.
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
        // The revision of the build; a target of its own, so that a commit recompiles nothing else.
        .target(name: "CRevision", cSettings: [.define("RWV_REVISION", to: "\"\(revision)\"")]),
        // libgit2 (package libgit2-dev), loaded at its first use.
        .target(name: "CGit2", linkerSettings: [.linkedLibrary("dl")]),
        .systemLibrary(name: "CFuse", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CYaml", providers: [.apt(["libyaml-dev"])]),
        // The only caller of libc: errno, descriptors, *at calls, locks, spawn.
        room("Syscalls", ["CLinux"]),
        // YAML text as a tree of nodes with positions.
        room("YAML", ["CYaml"]),
        // Codable values as JSON.
        room("JSONCoding", []),
        // TOML text as the same tree.
        room("TOML", ["YAML"]),
        // rwv.yaml, rwv.toml, rwv.lock, markers and configuration as pure values.
        room("Manifest", ["YAML", "TOML"]),
        // libgit2 as values; the git program for network, filters and credentials.
        room("Git", ["CGit2", "Syscalls"]),
        // libfuse3: sessions over a descriptor, the operations table, replies that are given once, notifications, the worker pool.
        room("Fuse", ["CFuse", "Syscalls"]),
        // Where a view's files come from: trees of git objects, virtual entries, the upper directory. No FUSE types.
        room("Layers", ["Git", "Syscalls"]),
        // The kernel's node ids joined to layers: routes requests, keeps the kernel's references, counts operations.
        room("Nodes", ["Fuse", "Layers", "Syscalls"]),
        // Joins manifest, clones and worktrees on disk; says what a view should contain. Prints and mounts nothing.
        room("Weave", ["Manifest", "Git", "JSONCoding", "Syscalls"]),
        // How a project is wired at the root: members' facts, then a resolution without effects, then its application; one file per ecosystem.
        room("Integrations", ["Manifest", "YAML", "TOML", "Syscalls"]),
        // The weave's socket: messages, client, the server's harness.
        room("Control", ["Weave", "JSONCoding", "Syscalls"]),
        // Turns "workweave N" into a layer stack that is served: bases, lifecycle, journal, recovery.
        room("Views", ["Nodes", "Fuse", "Layers", "Weave", "Control", "JSONCoding", "Syscalls"]),
        // Keeper and server processes: composition root, signals, log.
        room("Daemon", ["Views", "Control", "Fuse", "Weave", "Syscalls"]),
        // Command lines as values; help texts.
        room("ArgumentParsing", []),
        // One file per verb: parse, call, render. The only room that prints and reads the environment.
        room("Commands", ["ArgumentParsing", "Integrations", "Control", "CRevision", "JSONCoding", "Layers", "YAML", "Weave", "Manifest", "Git", "Syscalls"]),
        // The program.
        .executableTarget(name: "rwv", dependencies: ["Commands", "Daemon", "Integrations", "Views", "Weave", "Manifest", "Syscalls"], swiftSettings: settings),
        tests("JSONCodingTests", ["JSONCoding"]),
        tests("ManifestTests", ["Manifest", "YAML", "TOML"]),
        tests("GitTests", ["Git", "Syscalls"]),
        // The built program driven from outside, against git and the kernel.
        .testTarget(name: "EndToEndTests", dependencies: ["Syscalls"], exclude: ["Scripts"], swiftSettings: settings),
        // The same scripts with the real rwv 0.2.8 and with ours.
        .testTarget(name: "DifferentialTests", dependencies: ["Syscalls"], exclude: ["Scripts"], swiftSettings: settings),
        tests("ArgumentParsingTests", ["ArgumentParsing"]),
        // Transcripts of the built program.
        tests("CommandTests", ["rwv", "Syscalls"]),
        tests("IntegrationTests", ["Integrations", "Manifest", "YAML"]),
        tests("LayerTests", ["Layers", "Git", "Syscalls"]),
    ]
)
