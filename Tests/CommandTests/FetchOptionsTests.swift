import Syscalls
import Testing

/// What `fetch` hands to git, and on what its clones then stand.
@Suite struct FetchOptionsTests {
    private static let versions = [
        "dev": "refs/heads/dev dev", "heads/dev": "refs/heads/dev dev", "v1": "HEAD one", "tags/v1": "HEAD one", "abcdef1": "refs/heads/abcdef1 hex",
    ]

    /// A repository with a branch `dev`, a tag `v1` on the first of three commits, a branch that looks like a revision, and a project.
    private func project(_ play: Playground, version: String) throws {
        try play.repository("chatly/web")
        try play.sh("""
            cd repos/chatly/web; git tag v1; for i in two three; do git commit -q --allow-empty -m $i; done
            git checkout -q -b dev; git commit -q --allow-empty -m dev; git checkout -q -b abcdef1 main; git commit -q --allow-empty -m hex
            git checkout -q main; git config uploadpack.allowFilter true; git init -q -b main ../../team/web-app
            """)
        try play.write("repos/team/web-app/rwv.yaml", "repositories:\n  local/chatly/web: {type: git, url: \(play.root)/repos/chatly/web, version: '\(version)', role: primary}\n")
        try play.sh("cd repos/team/web-app; git add .; git commit -qm project")
    }

    /// HEAD's name and the subject of its commit.
    private func place(_ play: Playground) throws -> String {
        try play.sh("cd w/local/chatly/web; echo $(git symbolic-ref -q HEAD || echo HEAD) $(git log -1 --format=%s); git status --porcelain")
    }

    @Test(arguments: FetchOptionsTests.versions.keys.sorted(), [nil, "--depth=1"]) func standsOnItsVersion(version: String, option: String?) throws {
        let play = try Playground()
        try project(play, version: version)
        let said = try play.rwv("fetch", "local/team/web-app", option ?? "--jobs=2")
        #expect(said.status == 0, "\(said)")
        #expect(try place(play) == Self.versions[version, default: ""] + "\n")
        #expect(try play.sh("cd w/local/chatly/web; git rev-list HEAD | wc -l; ls") == (option == nil ? nil : "1\nreadme\n")
            ?? play.sh("cd w/local/chatly/web; git rev-list HEAD | wc -l; ls"))
        if version.hasSuffix("v1") { #expect(try play.read("w/projects/web-app/rwv.lock").contains("    version: v1\n")) }
    }

    /// `heads/` means a branch alone and `tags/` a tag alone, also where the other kind has that name.
    @Test(arguments: [
        ("heads/v1", "its remote has no branch 'v1'", "the remote has a tag of that name: write tags/v1 in rwv.yaml"),
        ("tags/dev", "its remote has no tag 'dev'", "was it pushed, and is it spelled so? 'rwv lock' records what is there now"),
        ("tags/abcdef1", "its remote has no tag 'abcdef1'", "was it pushed, and is it spelled so? 'rwv lock' records what is there now"),
    ], [nil, "--depth=1"]) func theOtherKindIsNotMeant(of version: (String, String, String), option: String?) throws {
        let play = try Playground()
        try project(play, version: version.0)
        #expect(try play.rwv("fetch", "local/team/web-app", option ?? "--jobs=2") == .init(err: """
            fetched projects/web-app
            0 repos ready
            error: cannot clone local/chatly/web: \(version.1)
            error: 1 of 1 repo failed; the others are there
            hint: \(version.2)

            """, status: 1))
        #expect(!play.exists("w/local"))
    }

    /// A branch and a tag of one name.
    @Test(arguments: [("heads/both", "refs/heads/both dev"), ("tags/both", "HEAD one")]) func eachKindOfOneName(version: String, place expected: String) throws {
        let play = try Playground()
        try project(play, version: version)
        try play.sh("cd repos/chatly/web; git branch both dev; git tag both v1")
        #expect(try play.rwv("fetch", "local/team/web-app", "--quiet").status == 0)
        #expect(try place(play) == expected + "\n")
    }

    @Test(arguments: [nil, "--depth=1", "--filter=blob:none"]) func standsOnARevision(option: String?) throws {
        let play = try Playground()
        try project(play, version: "main")
        let revision = try play.sh("cd repos/chatly/web; git rev-parse main~1").prefix(40)
        try play.sh("cd repos/team/web-app; sed -i s/main/\(revision)/ rwv.yaml; git commit -qam r")
        let said = try play.rwv("fetch", "local/team/web-app", option ?? "--jobs=2")
        #expect(said.status == 0, "\(said)")
        #expect(try place(play) == "HEAD two\n")
        #expect(try play.rwv("fetch", "--locked").err == "keeping local/chatly/web (already cloned)\n1 repo ready\n")
    }

    @Test func aShortenedRevisionNeedsHistory() throws {
        let play = try Playground()
        try project(play, version: "main")
        let revision = try play.sh("cd repos/chatly/web; git rev-parse main~1").prefix(9)
        try play.sh("cd repos/team/web-app; sed -i s/main/\(revision)/ rwv.yaml; git commit -qam r")
        #expect(try play.rwv("fetch", "local/team/web-app", "--depth", "1") == .init(err: """
            fetched projects/web-app
            0 repos ready
            error: cannot clone local/chatly/web: its remote has no branch or tag '\(revision)', and no shortened revision can be found with --depth
            error: 1 of 1 repo failed; the others are there
            hint: write all 40 digits of the revision in the manifest, or leave --depth out

            """, status: 1))
        #expect(try play.rwv("fetch").status == 0)
        #expect(try place(play) == "HEAD two\n")
    }

    @Test func aShallowCloneFollowsTheLock() throws {
        let play = try Playground()
        try project(play, version: "main")
        let old = try play.sh("cd repos/chatly/web; git rev-parse main~1").prefix(40)
        try play.write("repos/team/web-app/rwv.lock", "repositories:\n  local/chatly/web: {type: git, url: \(play.root)/repos/chatly/web, version: \(old)}\n")
        try play.sh("cd repos/team/web-app; git add .; git commit -qm lock")
        #expect(try play.rwv("fetch", "local/team/web-app", "--frozen", "--depth=1") == .init(err: "fetched projects/web-app\n1 repo ready\n"))
        #expect(try place(play) == "HEAD two\n")
        try play.sh("sed -i s/\(old)/v1/ w/projects/web-app/rwv.lock")
        #expect(try play.rwv("fetch", "--locked", "--project=web-app").err == "moved local/chatly/web to v1\n1 repo ready\n")
        #expect(try place(play) == "HEAD one\n")
        #expect(try play.sh("cd w/local/chatly/web; git rev-parse --is-shallow-repository; git rev-list HEAD --count") == "true\n1\n")
    }

    @Test func aPartialClone() throws {
        let play = try Playground()
        try project(play, version: "dev")
        #expect(try play.rwv("fetch", "local/team/web-app", "--filter=blob:none").status == 0)
        #expect(try play.sh("cd w/local/chatly/web; git config remote.origin.partialclonefilter; cat readme") == "blob:none\nchatly/web\n")
        try play.sh("rm -rf w/local")
        let wrong = try play.rwv("fetch", "--filter=nonsense")
        #expect(wrong.status == 1)
        #expect(wrong.err.contains("error: cannot clone local/chatly/web: invalid filter-spec 'nonsense'\n"), "\(wrong)")
    }

    @Test func borrowedObjects() throws {
        let play = try Playground()
        try project(play, version: "dev")
        #expect(try play.rwv("fetch", "local/team/web-app").status == 0)
        try play.sh("mkdir w2 w3")
        #expect(try play.rwv("fetch", "local/team/web-app", "--reference", "../w", in: "w2").status == 0)
        #expect(try play.sh("cat w2/local/chatly/web/.git/objects/info/alternates") == "ROOT/w/local/chatly/web/.git/objects\n")
        #expect(try play.rwv("fetch", "local/team/web-app", "--reference", "../repos/chatly/web", in: "w3").status == 0)
        #expect(try play.sh("cat w3/local/chatly/web/.git/objects/info/alternates") == "ROOT/repos/chatly/web/.git/objects\n")
    }

    @Test func progressIsForPeople() throws {
        let play = try Playground()
        try project(play, version: "dev")
        let text = try play.sh("cd w; script -qec \"'\(play.program)' fetch local/team/web-app\" /dev/null | tr -d '\\r'")
        #expect(text == """
            cloning projects/web-app from ROOT/repos/team/web-app
            fetched projects/web-app
            cloning local/chatly/web from ROOT/repos/chatly/web
            1 repo ready
            wrote projects/web-app/rwv.lock (1 repo)

            """)
    }
}
