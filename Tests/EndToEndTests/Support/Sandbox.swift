internal import Syscalls
internal import Testing

/// A weave of real clones in a directory of its own, on a disk of its own kind, with its own home and tools.
/// Whatever a scenario starts in it is taken down at the end; what is then still there is a failure.
struct Sandbox: Sendable {
    let root: String
    var weave: String { root + "/w" }
    var program: String { root + "/tools/rwv" }
    var tools: String { root + "/tools" }

    /// Runs `body` in a fresh sandbox whose project web-app has these repos.
    static func with(_ repos: [Repo], umask: String = "022", _ body: (Sandbox) throws -> Void) throws {
        let box = try Sandbox()
        do {
            try box.fill(repos, umask: umask)
            try body(box)
        } catch {
            Issue.record("\(error)\(box.logs())")
        }
        try box.takeDown()
    }

    /// Makes the directory, the tools and nothing else.
    private init() throws {
        let made = try Subprocess("/bin/mktemp", ["-d", "\(Machine.folder)/rwv-e2e.XXXXXX"]).run()
        guard made.succeeded else { throw ScenarioFailure(made.errorText) }
        root = made.outputText.split(separator: "\n").joined()
    }

    private func fill(_ repos: [Repo], umask: String) throws {
        guard Files.exists(Machine.program) else { throw ScenarioFailure("no program at \(Machine.program): make build") }
        if Machine.user != nil, !Machine.isRoot { throw ScenarioFailure("RWV_TEST_USER takes root") }
        // What the submodules are cloned from is an origin, but not a repo of the project.
        let sources = repos + (repos.contains { $0.kind == "super" } ? [.util] : [])
        let origins = try sources.map { "'\($0.name)=\(try Fixtures.origin($0))'" }
        // Copies, because the package may lie where the second user cannot look.
        try host("""
            mkdir -p home tmp native origins run tools
            cp '\(Machine.program)' tools/rwv
            cp '\(Machine.package)'/Tests/EndToEndTests/Scripts/* tools/
            for pair in \(origins.joined(separator: " ")); do cp -r "${pair#*=}" "origins/${pair%%=*}.git"; done
            chmod -R a+rX tools; chmod 0755 . tools/rwv
            \(Machine.user.map { "chown -R \($0): ." } ?? "")
            chmod 0700 run
            """)
        try bash("""
            umask \(umask)
            cat > "$HOME/.gitconfig" <<'C'
            [user]
                name = Ada
                email = ada@example.com
            [init]
                defaultBranch = main
            [gc]
                auto = 0
            [core]
                safecrlf = false
            [protocol "file"]
                allow = always
            [advice]
                detachedHead = false
            C
            mkdir -p "$W/projects" "$W/github/chatly"
            git init -q "$W/projects/web-app"
            cd "$W/projects/web-app"
            mkdir docs; echo '# web-app' > docs/readme.md
            {
                echo '# who works on what'
                echo 'repositories:'
                for origin in "$S"/origins/*.git; do
                    name=$(basename "$origin" .git)
                    case " \(repos.map(\.name).joined(separator: " ")) " in *" $name "*) ;; *) continue ;; esac
                    git clone -q "file://$origin" "$W/github/chatly/$name"
                    branch=$(git -C "$W/github/chatly/$name" branch --show-current)
                    printf '  github/chatly/%s:\\n    type: git\\n    url: file://%s\\n    version: %s\\n    role: primary\\n' "$name" "$origin" "$branch"
                done
            } > rwv.yaml
            git add -A; git commit -qm 'the project'
            echo web-app > "$W/.rwv-active"
            """)
    }
}
