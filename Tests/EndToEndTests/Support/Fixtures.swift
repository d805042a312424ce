internal import Syscalls

/// A repository that a sandbox's weave has a clone of, at github/chatly/NAME.
struct Repo: Sendable {
    let name: String
    /// A kind that .ci/make-repos knows.
    let kind: String
    /// A file of real data that is taken instead, where it is present.
    var data: String?

    init(_ name: String, _ kind: String, data: String? = nil) {
        self.name = name
        self.kind = kind
        self.data = data
    }

    static let app = Repo("server", "app")
    static let links = Repo("web", "links")
    static let util = Repo("util", "util")
    static let submodules = Repo("platform", "super")
    static let build = Repo("build", "build")
    static let posix = Repo("posix", "posix")
    /// More than 4,000 files.
    static let large = Repo("large", "big", data: "git.git.tar")
    static let bindfs = Repo("bindfs", "app", data: "bindfs.bundle")
    static let libfuse = Repo("libfuse", "app", data: "libfuse.bundle")
    static let vcstool = Repo("vcstool", "app", data: "vcstool.bundle")
    static let west = Repo("west", "app", data: "west.bundle")

    static func apps(_ count: Int) -> [Repo] { (1 ... count).map { Repo("app\($0)", "app") } }
}

/// Bare repositories to clone from, generated once per build directory.
enum Fixtures {
    private static let folder: String = {
        let script = (try? Files.read(Machine.package + "/.ci/make-repos")) ?? []
        let hash = script.reduce(into: UInt32(2_166_136_261)) { $0 = ($0 ^ UInt32($1)) &* 16_777_619 }
        return Machine.package + "/.build/fixtures/\(hash)"
    }()

    /// The bare repository for `repo`, made now if it is not there.
    static func origin(_ repo: Repo) throws -> String {
        let path = "\(folder)/\(repo.name).git"
        if Files.exists(path) { return path }
        try Files.makeDirectories(folder)
        let script: String
        if let file = repo.data, let data = Machine.data(file) {
            script = """
                fresh=$(mktemp -d '\(folder)/.unpack.XXXXXX')
                case '\(data)' in
                *.tar) tar -x --no-same-owner -f '\(data)' -C "$fresh"; mv "$fresh"/* '\(path)' ;;
                *) git clone -q --bare '\(data)' "$fresh/x.git"; mv "$fresh/x.git" '\(path)' ;;
                esac
                rm -rf "$fresh"
                """
        } else {
            script = "'\(Machine.package)/.ci/make-repos' '\(folder)' \(repo.kind)=\(repo.name)"
        }
        let made = try Subprocess("/bin/bash", ["-ec", script]).run(timeout: 120)
        guard made.succeeded else { throw ScenarioFailure("fixture \(repo.name): \(made.errorText)") }
        return path
    }
}
