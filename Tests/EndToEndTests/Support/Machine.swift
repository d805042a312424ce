internal import Syscalls

/// Where the tests run, and as whom.
enum Machine {
    /// The package's own directory.
    static let package: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(4)
        return "/" + parts.joined(separator: "/")
    }()

    /// The program under test: RWV, else what `make build` left, else the debug build.
    static let program: String = {
        if let named = CurrentProcess.environment("RWV") { return named }
        let release = package + "/.build/release/rwv"
        return Files.exists(release) ? release : package + "/.build/debug/rwv"
    }()

    /// The ordinary user that scenarios run as (RWV_TEST_USER, which takes root to obey); nil for ourselves.
    static let user: String? = CurrentProcess.environment("RWV_TEST_USER").flatMap { $0.isEmpty ? nil : $0 }

    /// The engine that workweaves of the scenarios get (RWV_ENGINE); nil for what `auto` chooses.
    static let engine: String? = CurrentProcess.environment("RWV_ENGINE").flatMap { $0.isEmpty ? nil : $0 }

    /// The engine that they get: what was asked for, or for `auto` the kernel's overlayfs where root has a disk for it.
    static let shown: String = {
        if let engine { return engine }
        let type = (try? Files.open(folder, OpenFlags.directory)).map { directory -> UInt64 in
            defer { directory.close() }
            return (try? directory.fileSystemStatus().type) ?? 0
        }
        return actsAsRoot && type != FileSystemStatus.overlay && type != FileSystemStatus.fuse ? "kernel" : "fuse"
    }()

    /// Where sandboxes are made (RWV_TEST_DIR).
    static let folder = CurrentProcess.environment("RWV_TEST_DIR") ?? "/var/tmp"

    static let isRoot = CurrentProcess.userID == 0
    /// Whether the commands of a scenario run with root's rights.
    static let actsAsRoot = isRoot && user == nil

    /// How often the kill scenario strikes (RWV_KILLS).
    static let kills: Int = CurrentProcess.environment("RWV_KILLS").flatMap { Int($0) } ?? 10

    /// A random seed, given (RWV_SEED) or new; the scenario prints it.
    static let seed: UInt32 = CurrentProcess.environment("RWV_SEED").flatMap { UInt32($0) } ?? .random(in: 1 ... 999_999)

    /// A real repository kept beside the project as data, where there is one.
    static func data(_ file: String) -> String? {
        let path = package + "/../shared/data/repos/" + file
        return Files.exists(path) ? path : nil
    }

    /// Only what a distribution installs: nothing below a home directory, which the second user could not reach.
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

/// What went wrong in a scenario, with all that was printed.
struct ScenarioFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
