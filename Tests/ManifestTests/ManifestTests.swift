import Manifest
import Testing
import YAML

private func parse(_ text: String) throws(ManifestError) -> Manifest { try Manifest.parse(Array(text.utf8), file: "p/rwv.yaml") }

private func failure(_ text: String) -> ManifestError? {
    do throws(ManifestError) { _ = try parse(text) } catch { return error }
    return nil
}

private func entry(_ path: String, _ fields: String = "") -> String { "  \(path):\n    type: git\n    url: u\n\(fields)" }

@Suite struct ManifestReading {
    @Test func theReferencesExample() throws {
        let manifest = try parse(
            """
            # projects/web-app/rwv.yaml
            repositories:
              github/chatly/server:
                type: git
                url: https://github.com/chatly/server.git
                version: main
                role: primary
              github/chatly/protocol:
                type: git
                url: https://github.com/chatly/protocol.git
                version: 1.10
                role: owned # shared message types
                extra: {unknown: true}
              github/socketio/engine.io:
                type: git
                url: git@github.com:chatly/engine.io.git
            integrations:
              npm-workspaces: {enabled: false}
              future: {x: [1, {y: z}]}
              gita:
            workweave:
              copy: [.env, ./config/local/]
              link:
                - data/
              writable-reference: true
              other: 1
            unknown: [1]
            """)
        #expect(manifest.repositories.map(\.path.text) == ["github/chatly/server", "github/chatly/protocol", "github/socketio/engine.io"])
        #expect(manifest.repositories.map(\.version) == ["main", "1.10", nil])
        #expect(manifest.repositories.map(\.role) == [.primary, .primary, nil])
        #expect(manifest.repositories[1].url.text == "https://github.com/chatly/protocol.git")
        #expect(manifest.repositories[1].position == YAMLMark(line: 8, column: 3, offset: manifest.repositories[1].position.offset))
        #expect(manifest.integrations.map(\.name) == ["npm-workspaces", "future", "gita"])
        #expect(manifest.integrations.map(\.enabled) == [false, nil, nil])
        #expect(manifest.integration("future")?.settings["x"]?.items?[1]["y"] == .string("z"))
        #expect(manifest.workweave == WorkweaveSettings(copy: [".env", "config/local"], link: ["data"], writableReference: true))
        #expect(try manifest[RepoPath("github/chatly/protocol")]?.type == .git)
    }

    @Test(arguments: ["repositories:\n", "repositories: {}\n", "repositories: ~\nintegrations:\nworkweave:\n", Manifest.initialText, "{\"repositories\": {}}"])
    func nothingInside(text: String) throws {
        #expect(try parse(text) == Manifest())
    }

    @Test(arguments: [
        ("", "p/rwv.yaml: the file is empty"),
        ("# only\n", "p/rwv.yaml: the file is empty"),
        ("x: 1\n", "p/rwv.yaml:1:1: missing key 'repositories'"),
        ("- a\n", "p/rwv.yaml:1:1: expected a mapping, found a list"),
        ("a: [\n", "p/rwv.yaml:2:1: did not find expected node content (while parsing a flow node)"),
        ("repositories: [a]\n", "p/rwv.yaml:1:15: repositories: expected a mapping, found a list"),
        ("repositories:\n  a/b: 1\n", "p/rwv.yaml:2:8: repositories.a/b: expected a mapping, found a number"),
        ("repositories:\n  a/b:\n", "p/rwv.yaml:2:3: repositories.a/b: the entry is empty"),
        ("repositories:\n  a/b:\n    url: u\n", "p/rwv.yaml:3:5: repositories.a/b: missing key 'type'"),
        ("repositories:\n  a/b:\n    type: git\n", "p/rwv.yaml:3:5: repositories.a/b: missing key 'url'"),
        ("x: &x {url: u}\nrepositories:\n  a/b:\n    <<: *x\n    type: git\n", "p/rwv.yaml:4:5: repositories.a/b: missing key 'url'; merge keys (<<) are not read"),
        ("repositories:\n  a/b:\n    type: hg\n    url: u\n", "p/rwv.yaml:3:11: repositories.a/b.type: unknown type 'hg'"),
        ("repositories:\n  a/b:\n    type: git\n    url: [u]\n", "p/rwv.yaml:4:10: repositories.a/b.url: expected a string, found a list"),
        ("repositories:\n" + entry("a/b", "    role: x\n"), "p/rwv.yaml:5:11: repositories.a/b.role: unknown role 'x'"),
        ("repositories:\n" + entry("a/b", "    version: --upload-pack=x\n"), "p/rwv.yaml:5:14: repositories.a/b.version: version '--upload-pack=x' starts with '-' or has a control character"),
        ("repositories:\n  a/b: {type: git, url: 'ext::sh -c x'}\n", "p/rwv.yaml:2:25: repositories.a/b.url: url 'ext::sh -c x' names a transport helper"),
        ("repositories:\n" + entry("../a/b"), "p/rwv.yaml:2:3: repositories.../a/b: path '../a/b' has a '..' segment"),
        ("repositories:\n" + entry("a/b") + entry("a/b"), "p/rwv.yaml:5:3: duplicate key 'a/b': first on line 2, again on line 5"),
        ("repositories:\n" + entry("a/b/c") + entry("a/b"), "p/rwv.yaml:2:3: repositories.a/b/c: path 'a/b/c' lies inside repository 'a/b'"),
        ("repositories:\nintegrations: {npm: false}\n", "p/rwv.yaml:2:21: integrations.npm: expected a mapping, found a boolean"),
        ("repositories:\nintegrations: {npm: {enabled: 'no'}}\n", "p/rwv.yaml:2:31: integrations.npm.enabled: expected a boolean, found a string"),
        ("repositories:\nworkweave: {copy: .env}\n", "p/rwv.yaml:2:19: workweave.copy: expected a list, found a string"),
        ("repositories:\nworkweave: {link: [{}]}\n", "p/rwv.yaml:2:20: workweave.link: expected a string, found a mapping"),
        ("repositories:\nworkweave: {link: [../x]}\n", "p/rwv.yaml:2:20: workweave.link: path '../x' has a '..' segment"),
        ("repositories:\nworkweave: {copy: [a/.GIT/hooks]}\n", "p/rwv.yaml:2:20: workweave.copy: path 'a/.GIT/hooks' has a '.GIT' segment"),
        ("repositories:\nworkweave: {copy: [/etc/passwd]}\n", "p/rwv.yaml:2:20: workweave.copy: path '/etc/passwd' is absolute"),
        ("repositories:\nworkweave: {copy: [.rwv/run]}\n", "p/rwv.yaml:2:20: workweave.copy: path '.rwv/run' is or lies in '.rwv', which belongs to rwv"),
        ("repositories:\nworkweave: {writable-reference: maybe}\n", "p/rwv.yaml:2:33: workweave.writable-reference: expected a boolean, found a string"),
    ]) func errorsNameFileLineColumnAndKey(text: String, description: String) {
        let error = failure(text)
        #expect(error?.description == description)
        #expect(error?.hint.isEmpty == false)
    }

    @Test func aControlCharacterDoesNotReachTheTerminal() {
        let error = failure("repositories:\n  \"a/\\e[31mb\": {type: git, url: u}\n")
        #expect(error?.description == "p/rwv.yaml:2:3: repositories.a/\\u{1b}[31mb: path 'a/\\u{1b}[31mb' has a control character")
        let twice = failure("? \"\\e\"\n: 1\n? \"\\e\"\n: 2\n")
        #expect(twice?.message == "duplicate key '\\u{1b}': first on line 1, again on line 3")
    }

    @Test func keysThatDifferInBytesOnlyAreDifferent() throws {
        let manifest = try parse("repositories:\n" + entry("a/é") + entry("a/e\u{301}"))
        #expect(manifest.repositories.count == 2)
        #expect(try manifest[RepoPath("a/e\u{301}")]?.position.line == 5)
    }
}

@Suite struct LockFiles {
    private func parse(_ text: String) throws(ManifestError) -> LockFile { try LockFile.parse(Array(text.utf8), file: "rwv.lock") }

    /// The bytes rwv 0.2.8 wrote for these repositories.
    private let written = """
        workweave: w--agent-42
        repositories:
          github/a/B:
            type: git
            url: https://github.com/a/B.git
            version: '0e1'
          github/a/b:
            type: git
            url: git@github.com:a/b.git
            version: 4ca2ed8b6913cb8d7d52ab037fdd7db650c42078
          'github/x: y/z':
            type: git
            url: https://h/x y.git
            version: 4ca2ed8b6913cb8d7d52ab037fdd7db650c42078

        """

    @Test func isWrittenAsRwvWritesIt() throws {
        let id = "4ca2ed8b6913cb8d7d52ab037fdd7db650c42078"
        let b = try LockEntry(path: RepoPath("github/a/b"), url: RemoteURL("git@github.com:a/b.git"), version: id)
        let upper = try LockEntry(path: RepoPath("github/a/B"), url: RemoteURL("https://github.com/a/B.git"), version: "0e1")
        let odd = try LockEntry(path: RepoPath("github/x: y/z"), url: RemoteURL("https://h/x y.git"), version: id)
        let lock = LockFile(workweave: "w--agent-42", repositories: [odd, b, upper])
        #expect(lock.text == written)
        #expect(try parse(written) == lock)
        #expect(lock[b.path] == b)
        #expect(LockFile(workweave: nil, repositories: []).text == "repositories: {}\n")
    }

    @Test func isReadGenerously() throws {
        #expect(try parse("weave: x\nrepositories:\n") == LockFile(workweave: "x", repositories: []))
        let json = try parse(#"{"repositories": {"a/b": {"type": "git", "url": "u", "version": "v", "more": 1}}}"#)
        #expect(try json.repositories == [LockEntry(path: RepoPath("a/b"), url: RemoteURL("u"), version: "v")])
    }

    @Test(arguments: [
        ("", ManifestError.Code.empty), ("x: 1\n", .missingKey), ("repositories: []\n", .wrongKind), ("repositories: {a/b: {type: git, url: u}}\n", .missingKey),
        ("repositories: {/a/b: {type: git, url: u, version: v}}\n", .invalidPath), ("repositories: {a/b: {type: git, url: -u, version: v}}\n", .invalidURL),
        ("repositories: {a/b: {type: git, url: u, version: -v}}\n", .invalidVersion), ("workweave: [a]\nrepositories:\n", .wrongKind),
        ("repositories: {a/b: {type: git, url: u, version: v}, a/b/c: {type: git, url: u, version: v}}\n", .nestedPath),
    ]) func refusals(text: String, code: ManifestError.Code) {
        #expect((#expect(throws: ManifestError.self) { try parse(text) })?.code == code)
    }
}
