import Testing

/// What manifests and repositories from elsewhere must not bring about.
@Suite struct HostileInputTests {
    @Test func aMarkerInARepositoryLeadsNowhere() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("mkdir -p victim/projects/vp victim/.workweaves/server/projects/web-app; printf 'repositories: {}\\n' | tee victim/projects/vp/rwv.yaml > victim/.workweaves/server/projects/web-app/rwv.yaml")
        for place in ["w/local/chatly/server", "w"] {
            try play.write(place + "/.rwv-workweave", "primary: \(play.root)/victim\nproject: web-app\n")
            #expect(try play.rwv("resolve", in: "w/local/chatly/server") == .init("ROOT/w\n"))
        }
        try play.write("w/.rwv-workweave", "no marker at all: [")
        #expect(try play.rwv("resolve") == .init("ROOT/w\n"))
    }

    @Test func aWorkweaveOfTheOlderProgramIsNamed() throws {
        let play = try Playground()
        try play.weave()
        try play.write(".workweaves/w--old/.rwv-workweave", "primary: \(play.root)/w\nproject: web-app\n")
        let said = try play.rwv("status", in: ".workweaves/w--old")
        #expect(said.status == 1)
        #expect(said.err.hasPrefix("error: ROOT/.workweaves/w--old is a workweave that repoweave 0.2.x made for ROOT/w\nhint: "))
    }

    @Test(arguments: [
        (".rwv-workweave", "belongs to rwv"), (".rwv-active", "belongs to rwv"), (".rwv/x", "belongs to rwv"), ("../x", "'..'"), ("local/chatly/server/evil", "inside the repository local/chatly/server"),
        ("local/other/evil", "inside the repository local/other"), ("local", "repositories belong there"), ("github", "repositories belong there"), ("projects", "repositories belong there"),
    ]) func linksStayWhereTheyMay(_ path: String, _ says: String) throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("git init -q w/local/other; sed -i 's,^repositories,integrations: {static-files: {enabled: true\\, files: [\(path)]}}\\n&,' w/projects/web-app/rwv.yaml")
        let before = try play.listing()
        let said = try play.rwv("activate", "web-app")
        #expect(said.status == 1)
        #expect(said.err.contains(says), "\(said)")
        #expect(try play.listing() == before)
        // The others are looked at all the same.
        #expect(try play.rwv("check").out.contains("error"))
    }

    @Test(arguments: [
        ("vscode-workspace: {hide-dotfiles: foo}", "1:50: integrations.vscode-workspace.hide-dotfiles: expected a boolean, found a string"),
        ("npm-workspaces: {install: 3}", "1:42: integrations.npm-workspaces.install: expected a boolean, found a number"),
        ("static-files: {enabled: true, files: x}", "integrations.static-files.files: expected a list, found a string"),
        ("static-files: {enabled: true, files: [[1]]}", "integrations.static-files.files: expected a path, found a list"),
        ("static-files: {enabled: true, files: [../x]}", "integrations.static-files.files: path '../x' has a '..' segment"),
        ("command: {run: {a: 1}}", "integrations.command.run: expected a name or a list of names, found a mapping"),
    ]) func settingsOfAWrongKind(_ setting: String, _ says: String) throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.write("w/projects/web-app/rwv.yaml", "integrations: {\(setting)}\nrepositories: {}\n")
        let before = try play.read("w/projects/web-app/rwv.yaml")
        for words in [["activate", "web-app"], ["add", "local/chatly/server"]] {
            let said = words.count > 1 ? try play.rwv(words[0], words[1]) : .init()
            #expect(said.status == 1)
            #expect(said.err.hasPrefix("error: projects/web-app/rwv.yaml:1:") && said.err.contains(says), "\(said)")
        }
        #expect(try play.read("w/projects/web-app/rwv.yaml") == before)
        #expect(try play.rwv("check").out.contains("[error] core: projects/web-app/rwv.yaml:1:"))
    }

    @Test func aLinkOfTheUsersInTheProjectIsKept() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("echo '{}' > w/local/chatly/server/package.json; ln -s /nowhere/shared.json w/projects/web-app/package.json")
        #expect(try play.rwv("activate", "web-app").err.hasPrefix("error: projects/web-app/package.json is a link of yours, where a file is to be generated\n"))
        #expect(try play.sh("readlink w/projects/web-app/package.json") == "/nowhere/shared.json\n")
    }

    @Test func twoActivationsAtOnceLeaveOneProject() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("echo 'module m' > w/local/chatly/server/go.mod")
        _ = try play.rwv("init", "other")
        let program = try #require(play.programForShell)
        for _ in 0..<8 {
            try play.sh("cd w; '\(program)' activate web-app & a=$!; '\(program)' activate other & wait $a; wait $!")
            let active = try play.read("w/.rwv-active").dropLast()
            let links = try play.listing().split(separator: "\n").filter { $0.contains("-> ") && $0.contains("projects/") }
            #expect(!links.isEmpty && links.allSatisfy { $0.contains("projects/\(active)/") }, "\(active): \(links)")
        }
    }

    @Test func aToolMayReplaceItsLinkEachTime() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("echo '{}' > w/local/chatly/server/package.json; cd w/local/chatly/server; git add .; git commit -qm more")
        try play.write("tools/npm", "#!/bin/sh\ndate +%N > t; mv t package-lock.json\n")
        _ = try play.rwv("activate", "web-app")
        for _ in 0..<3 {
            #expect(try play.rwv("lock").status == 0)
            #expect(try play.sh("readlink w/package-lock.json; test -s w/projects/web-app/package-lock.json; ls w") == "projects/web-app/package-lock.json\ngita\nlocal\npackage-lock.json\npackage.json\nprojects\nweb-app.code-workspace\n")
        }
        #expect(try play.rwv("activate", "web-app") == .init())
    }

    @Test func whatAKilledWriterLeftGoesWithTheNext() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("cd w; touch .rwv-active.rwv-tmp projects/web-app/rwv.lock.rwv-tmp projects/web-app/gita/repos.csv.rwv-tmp; ln -s gone go.work.rwv-tmp; rm .rwv-active projects/web-app/gita/repos.csv; echo 'module m' > local/chatly/server/go.mod")
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(try play.rwv("lock", "--dirty").status == 0)
        #expect(try !play.listing().contains("rwv-tmp"))
    }

    @Test func whatStaysIsSaid() throws {
        let play = try Playground()
        try play.weave()
        try play.repository("chatly/web")
        try play.sh("echo '{}' > repos/chatly/web/package.json; git -C repos/chatly/web add .; git -C repos/chatly/web commit -qm p; echo mine > w/package.json")
        let said = try play.rwv("add", "local/chatly/web")
        #expect(said.status == 1)
        #expect(said.err.contains("error: 'package.json' at the root is a file of yours"))
        #expect(said.err.contains("hint: the manifest is as you wanted it, the ecosystem files are not: move it away, or into the project directory, then run 'rwv activate web-app'\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml").contains("local/chatly/web"))
    }
}
