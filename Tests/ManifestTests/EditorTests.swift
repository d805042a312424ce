import Manifest
import Testing
import YAML

private func edit(_ text: String) throws -> ManifestEditor { try ManifestEditor(Array(text.utf8), file: "rwv.yaml") }

private func add(_ path: String, to text: String) throws -> String {
    try edit(text).adding(path: RepoPath(path), url: RemoteURL("https://h/\(path).git"), version: "main", role: .fork)
}

private func fields(_ path: String, _ indent: String = "    ") -> String {
    "\(indent)type: git\n\(indent)url: https://h/\(path).git\n\(indent)version: main\n\(indent)role: fork\n"
}

private func entry(_ path: String, _ extra: String = "") -> String { "  \(path):\(extra)\n" + fields(path) }

@Suite struct SettingRoles {
    private func set(_ role: Role, in text: String) throws -> String { try edit(text).setting(role: role, of: RepoPath("a/b")) }

    /// Nothing but the word changes, however the entry is written.
    @Test(arguments: [
        "repositories:\n  # role: fork\n  a/b: # x\n    type: git\n    role: fork  # why\n    url: u\n  c/d: {type: git, url: u, role: dependency}\n",
        "repositories:\r\n  a/b:\r\n    role: fork\r\n    url: u\r\n    type: git",
        "repositories:\n  c/d: {type: git, url: fork, role: reference}\n  a/b: {url: \"fo\", type: git, note: x, role: 'fork'}\nrole: x\n",
        #"{"repositories": {"a/b": {"type": "git", "role": "fork", "url": "u"}}}"#,
    ]) func inPlace(text: String) throws {
        for role in Role.allCases {
            let from = try #require(text.ranges(of: /role["']?: ["']?fork/).last)
            let expected = text.replacingCharacters(of: from, last: "fork", with: role.rawValue)
            #expect(try set(role, in: text).utf8.elementsEqual(expected.utf8))
        }
    }

    @Test func whereThereWasNone() throws {
        #expect(try set(.fork, in: "repositories:\n  a/b:\n    # g\n    type: git # t\n    url: u\n") == "repositories:\n  a/b:\n    # g\n    role: fork\n    type: git # t\n    url: u\n")
        #expect(try set(.fork, in: "repositories:\n  a/b: {type: git, url: u}\n") == "repositories:\n  a/b: {role: fork, type: git, url: u}\n")
        #expect(try set(.fork, in: #"{"repositories": {"a/b": {"type": "git", "url": "u"}}}"#) == #"{"repositories": {"a/b": {"role": "fork", "type": "git", "url": "u"}}}"#)
    }

    @Test func refusals() throws {
        let text = "repositories:\n  c/d: &x {type: git, url: u, role: primary}\n  a/b: *x\n"
        #expect(#expect(throws: ManifestError.self) { try set(.fork, in: text) }?.code == .cannotEdit)
        #expect(#expect(throws: ManifestError.self) { try set(.fork, in: "repositories: {}\n") }?.code == .notFound)
    }
}

private extension String {
    /// The text with the last `old` inside a range replaced.
    func replacingCharacters(of range: Range<Index>, last old: String, with new: String) -> String {
        self[..<range.lowerBound] + self[range].dropLast(old.count) + new + self[range.upperBound...]
    }
}

@Suite struct Adding {
    @Test func intoAnEmptyManifest() throws {
        #expect(try add("a/b", to: Manifest.initialText) == "repositories:\n" + entry("a/b"))
        #expect(try add("a/b", to: "repositories:\n") == "repositories:\n" + entry("a/b"))
        #expect(try add("a/b", to: "repositories: ~ # x\nz: 1\n") == "repositories: # x\n" + entry("a/b") + "z: 1\n")
        #expect(try add("a/b", to: "z:\n    y: 1\nrepositories: {}") == "z:\n    y: 1\nrepositories:\n    a/b:\n" + fields("a/b", "        ").dropLast())
    }

    @Test func inSortedPlace() throws {
        let text = "# top\nrepositories: # list\n  # b\n\(entry("b/b", " # b too"))  # d\n\(entry("d/d"))  # end\nx: {y: z}\n"
        #expect(try add("a/a", to: text) == text.replacing("  # b\n", with: entry("a/a") + "  # b\n"))
        #expect(try add("c/c", to: text) == text.replacing("  # d\n", with: entry("c/c") + "  # d\n"))
        #expect(try add("e/e", to: text) == text.replacing("  # end\n", with: entry("e/e") + "  # end\n"))
    }

    @Test func atTheEndOfWhatIsNotSorted() throws {
        let text = "repositories:\n" + entry("c/c") + entry("b/b") + "x: 1\n"
        #expect(try add("a/a", to: text) == "repositories:\n" + entry("c/c") + entry("b/b") + entry("a/a") + "x: 1\n")
    }

    @Test func withTheIndentationAndBlankLinesOfTheRest() throws {
        let text = "repositories:\n   b/b:\n        type: git\n        url: u\n\n   d/d:\n        type: git\n        url: u\n\nx: 1\n"
        let new = "   c/c:\n" + fields("c/c", "        ")
        #expect(try add("c/c", to: text) == text.replacing("   d/d", with: new + "\n   d/d"))
        #expect(try add("e/e", to: text) == text.replacing("\nx: 1", with: "\n   e/e:\n" + fields("e/e", "        ") + "\nx: 1"))
    }

    @Test func withTheLineEndsOfTheRest() throws {
        let text = ("repositories:\n" + entry("b/b")).replacing("\n", with: "\r\n")
        #expect(try add("c/c", to: text) == ("repositories:\n" + entry("b/b") + entry("c/c")).replacing("\n", with: "\r\n"))
        let open = String(text.unicodeScalars.dropLast(2).map(Character.init))
        let added = try add("c/c", to: open)
        #expect(added.utf8.elementsEqual(("repositories:\n" + entry("b/b") + entry("c/c")).replacing("\n", with: "\r\n").utf8.dropLast(2)))
    }

    @Test func inBrackets() throws {
        let json = #"{"repositories": {"b/b": {"type": "git", "url": "u"}}, "x": 1}"#
        let new = #""c/c": {"type": "git", "url": "https://h/c/c.git", "version": "main", "role": "fork"}"#
        #expect(try add("c/c", to: json) == json.replacing("}}", with: "}, \(new)}"))
        #expect(try add("c/c", to: #"{"repositories":null}"#) == "{\"repositories\":{\(new)}}")
        #expect(try add("c/c", to: #"{"repositories":{}}"#) == "{\"repositories\":{\(new)}}")
        let lines = "repositories: {\n  d/d: {type: git, url: u}, # d\n}\n"
        #expect(try add("c/c", to: lines) == "repositories: {\n  \(new),\n  d/d: {type: git, url: u}, # d\n}\n")
    }

    @Test func quotesWhatWouldBeReadAsSomethingElse() throws {
        let text = try edit(Manifest.initialText).adding(path: RepoPath("a: b/c #d"), url: RemoteURL("u"), version: "0e1", role: nil)
        #expect(text == "repositories:\n  'a: b/c #d':\n    type: git\n    url: u\n    version: '0e1'\n")
    }

    @Test func refusals() throws {
        let text = "repositories:\n" + entry("a/b")
        let code = { (body: () throws -> String) in (#expect(throws: ManifestError.self) { try body() })?.code }
        #expect(code { try add("a/b", to: text) } == .alreadyPresent)
        #expect(code { try add("a/b/c", to: text) } == .nestedPath)
        #expect(code { try edit(text).adding(path: RepoPath("c/d"), url: RemoteURL("u"), version: "-x", role: nil) } == .invalidVersion)
        #expect(code { try add("c/d", to: "x: &x {}\nrepositories: *x\n") } == .cannotEdit)
        #expect(code { try edit(text).removing(RepoPath("c/d")) } == .notFound)
        #expect(code { try edit("repositories:\n  a/b: &x {type: git, url: u}\n  c/d: *x\n").removing(RepoPath("a/b")) } == .cannotEdit)
    }
}

@Suite struct Removing {
    @Test func theLastOneLeavesAnEmptyMapping() throws {
        let text = "repositories: # list\n  # a\n\(entry("a/b"))x: 1\n"
        #expect(try edit(text).removing(RepoPath("a/b")) == "repositories: {} # list\nx: 1\n")
        #expect(try edit("repositories: {a/b: {type: git, url: u},}").removing(RepoPath("a/b")) == "repositories: {}")
        #expect(try edit("{\n \"repositories\": {\n  \"a/b\": {\"type\": \"git\", \"url\": \"u\"}\n }\n}").removing(RepoPath("a/b")) == "{\n \"repositories\": {}\n}")
    }

    @Test func onlyItsOwnComments() throws {
        let text = """
            repositories:
              # section

              # about a
              # more about a
              a/a: # role
                type: git
                # url
                url: u # trailing
                # inside a
              # about b
              b/b: {type: git, url: u}

              # commented out:
              #   c/c:

            """
        let kept = """
            repositories:
              # section

              # about b
              b/b: {type: git, url: u}

              # commented out:
              #   c/c:

            """
        #expect(try edit(text).removing(RepoPath("a/a")) == kept)
        #expect(try edit(text).removing(RepoPath("b/b")) == text.replacing("  # about b\n  b/b: {type: git, url: u}\n\n", with: "\n"))
    }

    @Test func commentsOfNeighboursInBracketsStay() throws {
        let text = "repositories: {\n  a/a: {type: git, url: u}, # about a\n  b/b: {type: git, url: u}\n}\n"
        #expect(try edit(text).removing(RepoPath("b/b")) == "repositories: {\n  a/a: {type: git, url: u} # about a\n  \n}\n")
    }

    @Test func oneThatRwvWroteWithAQuestionMark() throws {
        let long = "x/" + String(repeating: "k", count: 130)
        let text = "repositories:\n" + entry("a/b") + "  ? \(long)\n  : type: git\n    url: u\n" + entry("z/z")
        #expect(try edit(text).removing(RepoPath(long)) == "repositories:\n" + entry("a/b") + entry("z/z"))
        let removed = try edit(text).removing(RepoPath("a/b"))
        #expect(try add("a/b", to: removed) == text)
    }
}
