import Syscalls
import Testing

/// Generated files do what they are for: npm, go, uv and cargo take them and work on the members, in the weave and in a workweave.
@Suite(.serialized) struct AcceptedByTools {
    @Test func inTheWeaveAndInAWorkweave() throws {
        let place = try WeaveOfTools()
        try place.sh("mkdir -p weave/github; cd weave; rwv fetch https://github.com/chatly/web-app.git")
        try place.tools("weave")
        // Each tool wrote its lock through the link, into the project.
        try place.sh("cd weave; for f in package-lock.json uv.lock Cargo.lock; do [ -L $f ] && [ -s projects/web-app/$f ]; done; git -C github/chatly/server status --porcelain | diff /dev/null -")
        try place.sh("cd weave; rwv lock; rwv workweave web-app create agent")
        try place.tools("weave/.workweaves/agent")
        try place.sh("cd weave; [ ! -e github/chatly/web/node_modules ]; cd .workweaves/agent; rwv lock --dirty; rwv check | grep -v 'stale lock'")
    }

    /// The same at the top of a project mount: what is installed there belongs to the project, and the weave is left as it is.
    @Test func inAProjectMount() throws {
        let place = try WeaveOfTools()
        try place.sh("mkdir -p weave/github m again; cd weave; rwv fetch https://github.com/chatly/web-app.git; rwv mount web-app ../m")
        try place.tools("m", clones: "weave")
        try place.sh("""
            cd m; for f in package-lock.json uv.lock Cargo.lock; do [ -L $f ] && [ -s projects/web-app/$f ]; done
            [ -d node_modules ] && [ -d .venv ]; [ ! -e ../weave/node_modules ]; [ ! -e ../weave/.venv ]
            cd ../weave; rwv unmount ../m; rwv mount web-app ../again; [ -d ../again/node_modules ] && [ -x ../again/.venv/bin/python ]
            rwv unmount ../again
            """)
    }
}

/// A directory with the remotes of remotes.sh, our program and the tools that .ci/tools fetched; taken down with its mounts.
private final class WeaveOfTools {
    private let root: String
    private let program: String
    private let tools: String

    init() throws {
        root = try Files.canonical("/var/tmp") + "/rwv-tools.\(randomHex(8))"
        let built = try Files.canonical("/proc/self/exe").split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/rwv"
        program = CurrentProcess.environment("RWV") ?? built
        tools = TwoPrograms.source(".build/tools/bin")
        try #require(Files.exists(tools + "/go"), "the tools are not at \(tools): run .ci/tools")
        for directory in ["", "/home", "/bin"] { try Files.makeDirectory(root + directory) }
        try Files.makeSymlink(root + "/bin/rwv", target: program)
        try sh("bash \(TwoPrograms.source("Tests/DifferentialTests/Scripts/remotes.sh"))")
    }

    deinit {
        _ = try? sh("cd weave && rwv down --force")
        _ = try? Subprocess("/bin/chmod", ["-R", "u+w", root]).run()
        try? Files.removeTree(root)
    }

    func tools(_ directory: String, clones: String? = nil) throws {
        try sh("bash \(TwoPrograms.source("Tests/DifferentialTests/Scripts/tools.sh")) \"$PWD/\(directory)\" \(clones.map { "\"$PWD/\($0)\"" } ?? "")")
    }

    func sh(_ script: String, _ location: SourceLocation = #_sourceLocation) throws {
        let environment = ["HOME=\(root)/home", "PATH=\(root)/bin:\(tools):\(CurrentProcess.environment("PATH") ?? "/usr/bin:/bin")", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1",
                           "GIT_TERMINAL_PROMPT=0", "GOTOOLCHAIN=local", "GOPROXY=off", "UV_PYTHON_DOWNLOADS=never", "UV_PYTHON=/usr/bin/python3"]
        let outcome = try Subprocess("/bin/bash", ["-euc", script], environment: environment, directory: root).run(timeout: 300)
        try #require(outcome.succeeded, "\(script)\n\(outcome.outputText)\n\(outcome.errorText)", sourceLocation: location)
    }
}
