// swift-tools-version: 6.2
import PackageDescription

/// Every room is compiled in Swift 6 mode with these settings (docs/architecture.md).
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
]

/// One room: a module under Sources/ that imports only the rooms below it.
func room(_ name: String, _ below: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: below, swiftSettings: settings)
}

func tests(_ name: String, _ of: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: of, swiftSettings: settings)
}

let package = Package(
    name: "weavefs",
    products: [.executable(name: "rwv", targets: ["rwv"])],
    targets: [
        // What Glibc hides from Swift.
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        // The only caller of libc: errno, descriptors, *at calls, locks, spawn.
        room("Syscalls", ["CLinux"]),
        // YAML text as a tree of nodes with positions.
        room("YAML", ["CYaml"]),
        // rwv.yaml, rwv.lock, markers and configuration as pure values.
        room("Manifest", ["YAML"]),
        // libgit2 as values; the git program for network, filters and credentials.
        room("Git", ["CGit2", "Syscalls"]),
        // The program.
        .executableTarget(name: "rwv", dependencies: ["Manifest", "Git"], swiftSettings: settings),
        tests("ManifestTests", ["Manifest", "YAML"]),
        tests("GitTests", ["Git", "Syscalls"]),
        // The built program driven from outside, against git and the kernel.
        .testTarget(name: "EndToEndTests", dependencies: ["Syscalls"], exclude: ["Scripts"], swiftSettings: settings),
    ]
)
