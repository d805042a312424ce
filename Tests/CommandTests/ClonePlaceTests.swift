import Syscalls
import Testing

/// What `add` and `fetch` do where something is at a clone's place already, or comes there meanwhile.
@Suite struct ClonePlaceTests {
    private static let entry = "  local/chatly/web:\n    type: git\n    url: ROOT/repos/chatly/web\n    version: main\n    role: dependency\n"

    /// A git that, once it has cloned, waits for `count` others to have done so too: all then want the same place.
    private func waitingGit(_ play: Playground, _ count: Int) throws -> String {
        try play.write("bin/git", """
            #!/bin/bash
            /usr/bin/git "$@" || exit
            [ "$1" = clone ] || exit 0
            for last; do :; done
            mkdir -p "\(play.root)/met/${last##*/}"; touch "\(play.root)/met/${last##*/}/$$"
            while [ -d "\(play.root)/met" ] && [ $(ls "\(play.root)/met/${last##*/}" | wc -l) -lt \(count) ]; do sleep 0.01; done

            """)
        try play.sh("chmod +x bin/git")
        return "PATH=\(play.root)/bin:\(CurrentProcess.environment("PATH") ?? "/usr/bin:/bin")"
    }

    /// Runs the same command `count` times at once; what each said, sorted.
    private func atOnce(_ play: Playground, _ count: Int, _ words: String) throws -> [String] {
        let path = try waitingGit(play, count)
        try play.sh("""
            cd w; for i in $(seq \(count)); do (env '\(path)' '\(play.program)' \(words) > ../said.$i 2>&1; echo "status $?" >> ../said.$i) & done; wait
            """)
        return try (1...count).map { try play.read("said.\($0)") }.sorted()
    }

    @Test func addsOfOneRepository() throws {
        let play = try Playground()
        try play.weave()
        try play.repository("chatly/web")
        let said = try atOnce(play, 3, "add local/chatly/web")
        // One has cloned and the others keep that; one of all lists it.
        #expect(said.count { $0.hasPrefix("keeping local/chatly/web (already cloned)\n") } == 2, "\(said)")
        #expect(said.count { $0.hasSuffix("added local/chatly/web to projects/web-app/rwv.yaml\nstatus 0\n") } == 1, "\(said)")
        #expect(said.count { $0.hasSuffix("local/chatly/web is in projects/web-app/rwv.yaml already\nstatus 0\n") } == 2, "\(said)")
        #expect(try play.read("w/projects/web-app/rwv.yaml") == "repositories:\n" + Self.entry)
        #expect(try play.sh("cd w/local/chatly; ls -A; cat web/readme") == "web\nchatly/web\n")
    }

    @Test func fetchesOfOneProjectInAnEmptyDirectory() throws {
        let play = try Playground()
        try FetchTests.project(play)
        let said = try atOnce(play, 3, "fetch local/team/web-app")
        #expect(said.count { $0.hasPrefix("fetched projects/web-app\n") } == 1, "\(said)")
        #expect(said.count { $0.hasPrefix("keeping projects/web-app (already cloned)\n") } == 2, "\(said)")
        for repo in ["web", "server"] { #expect(said.count { $0.contains("keeping local/chatly/\(repo) (already cloned)\n") } == 2, "\(said)") }
        #expect(said.allSatisfy { $0.contains("\n2 repos ready\n") && $0.hasSuffix("\nstatus 0\n") }, "\(said)")
        // Whoever finds it written leaves it.
        #expect(said.contains { $0.contains("\nwrote projects/web-app/rwv.lock (2 repos)\n") }, "\(said)")
        #expect(try play.rwv("fetch", "--frozen").status == 0)
        #expect(try play.sh("cd w; cat .rwv-active; find . -name '.rwv-tmp-*'") == "web-app\n")
    }

    @Test func anEmptyDirectoryIsUsed() throws {
        let play = try Playground()
        try play.weave()
        try FetchTests.project(play)
        try play.sh("cd w; mkdir -p local/chatly/web local/chatly/server projects/other github/me/new")
        #expect(try play.rwv("add", "local/chatly/web") == .init(err: "added local/chatly/web to projects/web-app/rwv.yaml\n"))
        #expect(try play.read("w/local/chatly/web/readme") == "chatly/web\n")
        #expect(try play.rwv("add", "--new", "github/me/new") == .init(err: "added github/me/new to projects/web-app/rwv.yaml\n"))
        #expect(try play.rwv("fetch", "local/team/web-app", "--path", "other").err.hasPrefix("""
            fetched projects/other
            keeping local/chatly/web (already cloned)
            2 repos ready

            """))
        #expect(try play.sh("git -C w/local/chatly/server describe --tags; find w -name '.rwv-tmp-*'") == "v1\n")
    }

    /// A directory that holds anything stays as it is.
    @Test(arguments: ["mkdir -p web; touch web/.hidden", "ln -s ../../.. web", "ln -s nowhere web", "touch web"]) func othersAreNot(made: String) throws {
        let play = try Playground()
        try play.weave()
        try play.repository("chatly/web")
        let before = try play.sh("mkdir -p w/local/chatly; cd w/local/chatly; \(made); ls -lAR --time-style=full-iso")
        #expect(try play.rwv("add", "local/chatly/web") == .init(err: """
            error: local/chatly/web is there already, and is no git repository
            hint: move it away, then run the command again

            """, status: 1))
        #expect(try play.sh("cd w/local/chatly; ls -lAR --time-style=full-iso") == before)
        #expect(try play.read("w/projects/web-app/rwv.yaml") == "repositories: {}\n")
    }

    @Test func aCloneOfAnotherRepository() throws {
        let play = try Playground()
        try play.weave()
        for path in ["chatly/web", "fork/web"] { try play.repository(path) }
        try play.sh("git clone -q repos/fork/web w/local/chatly/web")
        #expect(try play.rwv("add", "local/chatly/web", in: "w/projects") == .init(err: """
            error: local/chatly/web is there already, a clone of ROOT/repos/fork/web, not of ROOT/repos/chatly/web
            hint: nothing was changed; 'rwv add ROOT/w/local/chatly/web' lists that clone; for the other one, move it away first

            """, status: 1))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == "repositories: {}\n")
        #expect(try play.rwv("add", "\(play.root)/w/local/chatly/web") == .init(err: """
            keeping local/chatly/web (already cloned)
            added local/chatly/web to projects/web-app/rwv.yaml

            """))
        #expect(try play.read("w/projects/web-app/rwv.yaml").contains("    url: ROOT/repos/fork/web\n"))
    }

    /// Ways to write one repository's URL are the same, also those that git's configuration knows.
    @Test(arguments: ["https://github.com/me/web", "git@github.com:me/web.git", "ssh://git@github.com/me/web", "mine:web"]) func otherWaysToWriteIt(origin: String) throws {
        let play = try Playground()
        try play.weave()
        try play.sh("git init -q -b main w/github/me/web; cd w/github/me/web; git commit -q --allow-empty -m one; git remote add origin \(origin)")
        try play.sh("git config --global url.https://github.com/me/.insteadOf mine:")
        #expect(try play.rwv("add", "me/web") == .init(err: "keeping github/me/web (already cloned)\nadded github/me/web to projects/web-app/rwv.yaml\n"))
        #expect(try play.rwv("fetch") == .init(err: "keeping github/me/web (already cloned)\n1 repo ready\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml").contains("    url: https://github.com/me/web.git\n"))
    }

    /// The address of a page that a browser shows of a repository.
    @Test func aPageOfARepository() throws {
        let play = try Playground()
        try play.weave()
        try play.repository("me/web")
        try play.sh("git config --global url.\(play.root)/repos/.insteadOf https://github.com/")
        #expect(try play.rwv("add", "https://github.com/me/web/tree/main") == .init(err: "added github/me/web to projects/web-app/rwv.yaml\n"))
        #expect(try play.sh("git -C w/github/me/web config remote.origin.url") == "https://github.com/me/web\n")
        #expect(try play.read("w/projects/web-app/rwv.yaml").contains("    url: https://github.com/me/web\n"))
    }
}
