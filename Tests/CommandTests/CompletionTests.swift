import Testing

@Suite struct CompletionTests {
    /// What the program offers for the last word, without the explanations.
    private func candidates(_ play: Playground, _ words: String..., in directory: String = "w") throws -> [String] {
        let said = try play.run(["completions", "candidates", "--"] + words, in: directory)
        #expect(said.status == 0 && said.err.isEmpty)
        return said.out.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }

    private func weave() throws -> Playground {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("cd w; mkdir -p projects/team/api; echo 'repositories: {}' > projects/team/api/rwv.yaml; git -C projects/web-app add .; git -C projects/web-app commit -qm one")
        for name in ["agent-1", "agent-2"] { try #require(try play.rwv("workweave", "web-app", "create", name, "--engine", "checkout").status == 0) }
        return play
    }

    @Test func knowsWhatThereIs() throws {
        let play = try weave()
        #expect(try candidates(play, "ac") == ["activate"])
        #expect(try candidates(play, "activate", "") == ["team/api", "web-app"])
        #expect(try candidates(play, "--project", "w") == ["web-app"])
        #expect(try candidates(play, "--project=w") == ["--project=web-app"])
        #expect(try candidates(play, "lock", "--d") == ["--dirty"])
        #expect(try candidates(play, "remove", "") == ["local/chatly/server", "local/chatly/web"])
        #expect(try candidates(play, "remove", "--delete", "local/chatly/w") == ["local/chatly/web"])
        #expect(try candidates(play, "--project", "team/api", "remove", "") == [])
        #expect(try candidates(play, "add", "x", "--role", "") == ["primary", "fork", "dependency", "reference"])
        #expect(try candidates(play, "add", "") == [":files"])
        #expect(try candidates(play, "-C", "") == [":directories"])
        #expect(try candidates(play, "init", "") == [])
        #expect(try candidates(play, "workweave", "web-app", "") == ["create", "delete", "list", "sync", "engine"])
        #expect(try candidates(play, "workweave", "web-app", "delete", "") == ["agent-1", "agent-2"])
        #expect(try candidates(play, "workweave", "team/api", "delete", "") == [])
        #expect(try candidates(play, "workweave", "web-app", "create", "") == [])
        #expect(try candidates(play, "workweave", "web-app", "create", "--at=local/chatly/s") == ["--at=local/chatly/server="])
        #expect(try candidates(play, "-C", "w", "activate", "", in: "") == ["team/api", "web-app"])
        #expect(try candidates(play, "lock", "--", "") == [])
        #expect(try candidates(play, "nonsense", "", in: "") == [])
    }

    @Test func outsideAWeaveNothingIsSaid() throws {
        let play = try Playground()
        #expect(try candidates(play, "activate", "") == [])
        #expect(try candidates(play, "sta") == ["status"])
    }

    @Test func scriptsAreWellFormed() throws {
        let play = try Playground()
        for shell in ["bash", "zsh", "fish"] {
            try play.write("script.\(shell)", try play.rwv("completions", shell).out)
            try play.sh("\(shell) -n script.\(shell)")
        }
        #expect(try play.rwv("completions", "tcsh").status == 2)
        #expect(try play.rwv("completions").status == 2)
    }

    /// Runs the shell's own completion of a line, with `rwv` on the path, in the weave.
    @Test(arguments: [
        ("rwv act", "activate"), ("rwv workweave web-app delete ag", "agent-1 agent-2"), ("rwv --project=we", "web-app"), ("rwv remove local/chatly/s", "local/chatly/server"),
        ("rwv -C proj", "projects"),
    ]) func bash(_ line: String, _ expected: String) throws {
        let play = try weave()
        let said = try play.sh("""
            mkdir bin; ln -s \(try #require(play.programForShell)) bin/rwv; PATH=$PWD/bin:$PATH; rwv completions bash > script; cd w
            cat > ../ask <<'END'
            source ../script
            compopt() { :; }
            COMP_LINE='\(line)'; COMP_WORDS=(${COMP_LINE//=/ = }); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _rwv; echo "${COMPREPLY[*]}"
            END
            bash ../ask
            """)
        #expect(said == expected + "\n")
    }

    @Test func fish() throws {
        let play = try weave()
        let said = try play.sh("""
            mkdir bin; ln -s \(try #require(play.programForShell)) bin/rwv; PATH=$PWD/bin:$PATH; rwv completions fish > script.fish; cd w
            fish --no-config -c 'source ../script.fish; complete -C "rwv acti"; complete -C "rwv workweave web-app delete "; complete -C "rwv --project=t"; complete -C "rwv -C proj"'
            """)
        #expect(try said == play.run(["completions", "candidates", "acti"]).out + "agent-1\nagent-2\n--project=team/api\nprojects/\tDirectory\n")
    }

    /// zsh's completion system finds the function; what it hands on is what is looked at, as only a terminal would show more.
    @Test func zsh() throws {
        let play = try weave()
        let said = try play.sh("""
            mkdir bin site; ln -s \(try #require(play.programForShell)) bin/rwv; PATH=$PWD/bin:$PATH; rwv completions zsh > site/_rwv; cd w
            cat > ../ask <<'END'
            fpath=(\(play.root)/site $fpath)
            autoload -Uz compinit && compinit -u -D && print -r -- $_comps[rwv]
            _describe() { print -r -- "${(@P)2}" }
            _files() { print -r -- "files $@" }
            for line in 'rwv acti' 'rwv --project=te' 'rwv workweave web-app delete ' 'rwv -C '; do
                words=("${(@s: :)line}"); CURRENT=$#words
                _rwv
            done
            END
            zsh -f ../ask
            """)
        let activate = try play.run(["completions", "candidates", "acti"]).out.split(separator: "\t").joined(separator: ":")
        #expect(said == "_rwv\n\(activate)--project=team/api\nagent-1 agent-2\nfiles -/\n")
    }
}
