import Manifest
import Testing
import TOML
import YAML

private func parse(_ text: String) throws(YAMLError) -> YAMLValue { try TOMLDocument.parse(Array(text.utf8)).value }

private func map(_ pairs: (String, YAMLValue)...) -> YAMLValue { .mapping(pairs.map { YAMLMember($0.0, $0.1) }) }

@Suite struct TOMLReading {
    @Test(arguments: [
        ("", map()), ("# only\r\n", map()), ("\u{FEFF}a=1", map(("a", .number("1")))),
        ("a = true\nb = false", map(("a", .bool(true)), ("b", .bool(false)))),
        ("a.b.c = 'x'\na.b.d = \"y\"", map(("a", map(("b", map(("c", .string("x")), ("d", .string("y")))))))),
        ("[a.'b/c'.\"d e\"]\nf = 1\n[a]\ng = 2", map(("a", map(("b/c", map(("d e", map(("f", .number("1")))))), ("g", .number("2")))))),
        ("[[a]]\nb = 1\n[a.c]\nd = 2\n[[a]]", map(("a", .sequence([map(("b", .number("1")), ("c", map(("d", .number("2"))))), map()])))),
        ("a = [1, [ 'x',\n # why\n 'y', ], {b.c = 2}]", map(("a", .sequence([.number("1"), .sequence([.string("x"), .string("y")]), map(("b", map(("c", .number("2")))))])))),
        ("a = \"\\u00e9\\U0001F600\\t\\\"\\\\\"\nb = 'C:\\x'", map(("a", .string("é😀\t\"\\")), ("b", .string("C:\\x")))),
        ("a = \"\"\"\nx\\\n   y\n\"\"z\"\"\"\"\"\nb = '''\n'\\n''''", map(("a", .string("xy\n\"\"z\"\"")), ("b", .string("'\\n'")))),
        ("a = +1_000\nb = -0\nc = 0xdead_BEEF\nd = 0o17\ne = 0b1", map(("a", .number("1000")), ("b", .number("-0")), ("c", .number("0xdeadBEEF")), ("d", .number("0o17")), ("e", .number("0b1")))),
        ("a = 1.50\nb = 6e+2_0\nc = -inf\nd = nan", map(("a", .number("1.50")), ("b", .number("6e20")), ("c", .number("-.inf")), ("d", .number(".nan")))),
        ("a = 1979-05-27T07:32:00.5-07:00\nb = 1979-05-27 07:32:00\nc = 2024-02-29 # day\nd = 07:32:00",
         map(("a", .string("1979-05-27T07:32:00.5-07:00")), ("b", .string("1979-05-27 07:32:00")), ("c", .string("2024-02-29")), ("d", .string("07:32:00")))),
        ("1 = 1\n-_ = 2\n'' = 3", map(("1", .number("1")), ("-_", .number("2")), ("", .number("3")))),
    ]) func values(text: String, value: YAMLValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        ("a", "1:2: expected '=' behind the key"), ("= 1", "1:1: expected a key"), ("a =", "1:4: expected a value"), ("a = 1 b = 2", "1:7: expected the end of the line"),
        ("a = x", "1:5: 'x' is no value; strings stand in quotes"), ("a = 'x\n", "1:7: the string does not end"), ("é = 1", "1:1: expected a key"),
        ("a = 'é' x", "1:9: expected the end of the line"), ("a = \"\\q\"", "1:6: there is no escape '\\q'"), ("a = \"\\ud800\"", "1:6: '\\u' wants 4 hexadecimal digits of a character"),
        ("a = 1\nb = 2\na = 3", "3:1: duplicate key 'a': first on line 1, again on line 3"), ("[a]\n[a]", "2:2: duplicate key 'a': first on line 1, again on line 2"),
        ("a = {b = 1}\n[a.c]", "2:2: duplicate key 'a': first on line 1, again on line 2"), ("a.b = 1\n[a]", "2:2: duplicate key 'a': first on line 1, again on line 2"),
        ("[a.b]\n[a]\nb.c = 1", "3:1: duplicate key 'b': first on line 1, again on line 3"), ("a = []\n[[a]]", "2:3: duplicate key 'a': first on line 1, again on line 2"),
        ("[a\n", "1:3: expected ']' at the end of the table's name"), ("[[a]", "1:5: expected ']]' at the end of the table's name"),
        ("a = [1 2]", "1:8: expected ',' or ']' in the array"), ("a = {b = 1,}", "1:12: expected a key"), ("a = {b = 1\n}", "1:11: expected ',' or '}' in the inline table"),
        ("a = 01", "1:5: '01' is no value; strings stand in quotes"), ("a = 1__0", "1:5: '1__0' is no value; strings stand in quotes"), ("a = 2023-02-29", "1:5: '2023-02-29' is no value; strings stand in quotes"),
        ("a = 9223372036854775808", "1:5: '9223372036854775808' is no value; strings stand in quotes"), ("a = 1 # \u{1}", "1:9: a control character cannot stand in a comment"),
        ("a = \"\u{7F}\"", "1:6: a control character cannot stand in a string"), ("a = 1\rb = 2", "1:6: expected the end of the line"), ("a = \"\"\"x", "1:9: the string does not end"),
    ]) func errors(text: String, description: String) {
        let error = #expect(throws: YAMLError.self) { try parse(text) }
        #expect(error?.description == description)
    }

    @Test func deepAndLongTextsAreNoDanger() throws {
        for text in ["a = " + String(repeating: "[", count: 100_000), "a = " + String(repeating: "{a=", count: 100_000), "[" + String(repeating: "a.", count: 100_000) + "a]",
                     String(repeating: "a.", count: 100_000) + "a = 1"] {
            #expect((#expect(throws: YAMLError.self) { try parse(text) })?.message == "nested deeper than 64 levels")
        }
        let long = "a = [" + String(repeating: "1,", count: 200_000) + "]"
        #expect(try parse(long)["a"]?.items?.count == 200_000)
        #expect(throws: YAMLError.self) { _ = try TOMLDocument.parse([0x61, 0x3D, 0x27, 0xFF, 0x27]) }
    }

    /// Every prefix of a text, and every text with one byte gone or changed, is read or refused; nothing traps.
    @Test func damagedTexts() {
        let bytes = Array("[a.\"b\\u00e9\"] # x\r\nc = [1, {d = 'e'}, \"\"\"\nf\\\n g\"\"\"]\n[[h]]\ni.j = 1979-05-27 07:32:00Z\nk = -1_0.5e-3\n".utf8)
        for at in bytes.indices {
            _ = try? TOMLDocument.parse(Array(bytes[..<at]))
            _ = try? TOMLDocument.parse(Array(bytes[..<at] + bytes[(at + 1)...]))
            for byte in Array("[]{}\"'\\=.,#\n\r\t 0_-:".utf8) + [0, 0x7F, 0xC3, 0xFF] {
                _ = try? TOMLDocument.parse(Array(bytes[..<at] + [byte] + bytes[(at + 1)...]))
            }
        }
    }
}

/// rwv.toml and the JSON rwv.lock, as repoweave 0.25.0 wrote them.
@Suite struct NewerForms {
    private let manifest = """
        [repositories."local/chatly/server"]
        type = "git"
        url = "file:///repos/chatly/server"
        version = "main"
        role = "owned"

        [repositories."local/chatly/web"]
        type = "git"
        url = "file:///repos/chatly/web"
        version = "main"
        role = "reference"
        submodules = "skip"

        [integrations.npm-workspaces]
        enabled = false

        [workweave]
        link = [".env"]

        """
    private let lock = """
        {
          "repositories": {
            "local/chatly/server": {
              "type": "git",
              "url": "file:///repos/chatly/server",
              "version": "5564ed5aea94363c49ab650f0ae5f70e06c2ae32"
            },
            "local/chatly/web": {
              "type": "git",
              "url": "file:///repos/chatly/web",
              "version": "4ac038d06e070f4a87a6419699969ddaf9126f2a"
            }
          }
        }

        """

    private func parse(_ text: String) throws(ManifestError) -> Manifest { try Manifest.parse(Array(text.utf8), file: "p/rwv.toml") }

    @Test func aManifest() throws {
        let read = try parse(manifest)
        #expect(read.repositories.map(\.path.text) == ["local/chatly/server", "local/chatly/web"])
        #expect(read.repositories.map(\.role) == [.primary, .reference])
        #expect(read.repositories.map(\.url.text) == ["file:///repos/chatly/server", "file:///repos/chatly/web"])
        #expect(read.repositories[1].position.line == 7)
        #expect(read.integration("npm-workspaces")?.enabled == false)
        #expect(read.workweave.link == [".env"])
        #expect(read.unsupported.map(\.description) == ["p/rwv.toml:12:1: repositories.local/chatly/web.submodules: rwv leaves the submodules of every repository alone"])
        #expect(try parse("# Repoweave manifest\n[repositories]\n").repositories.isEmpty)
        #expect(try Manifest.parse(Array("repositories: {a/b: {type: git, url: u, submodules: skip}}".utf8), file: "rwv.yaml").unsupported.count == 1)
    }

    @Test(arguments: [
        ("", "p/rwv.toml: the file is empty", "start it with `[repositories]`"), ("[workweave]\n", "p/rwv.toml:1:1: missing key 'repositories'", "add `[repositories]`"),
        ("[repositories\n", "p/rwv.toml:1:14: expected ']' at the end of the table's name", "correct the TOML there"),
        ("[repositories.\"a/b\"]\nurl = \"u\"\n", "p/rwv.toml:1:15: repositories.a/b: missing key 'type'", "add `type = \"git\"`"),
        ("[repositories.\"a/b\"]\ntype = \"git\"\nurl = [\"u\"]\n", "p/rwv.toml:3:7: repositories.a/b.url: expected a string, found a list", "write `url = \"text\"` on one line"),
        ("[repositories.\"a/b\"]\ntype = \"git\"\nurl = \"u\"\nrole = \"boss\"\n", "p/rwv.toml:4:8: repositories.a/b.role: unknown role 'boss'", "use one of primary, fork, dependency, reference"),
        ("[repositories.\"../b\"]\ntype = \"git\"\nurl = \"u\"\n", "p/rwv.toml:1:15: repositories.../b: path '../b' has a '..' segment", "write the path without '.' and '..'"),
        ("[repositories.\"a/b\"]\n[repositories.\"a/b\"]\n", "p/rwv.toml:2:15: duplicate key 'a/b': first on line 1, again on line 2", "remove one of the two, or give it another name"),
        ("[repositories]\n[integrations]\nx = 1\n", "p/rwv.toml:3:5: integrations.x: expected a mapping, found a number", "write `[integrations.NAME]`, and `enabled = false` below it"),
        ("[repositories]\n[workweave]\ncopy = '.env'\n", "p/rwv.toml:3:8: workweave.copy: expected a list, found a string", "write a list of paths, such as `copy = [\".env\"]`"),
    ]) func refusals(text: String, description: String, hint: String) {
        let error = #expect(throws: ManifestError.self) { try parse(text) }
        #expect(error?.description == description)
        #expect(error?.hint == hint)
    }

    @Test func aLock() throws {
        let read = try LockFile.parse(Array(lock.utf8), file: "rwv.lock")
        #expect(read.format == .json)
        #expect(read.repositories.map(\.version) == ["5564ed5aea94363c49ab650f0ae5f70e06c2ae32", "4ac038d06e070f4a87a6419699969ddaf9126f2a"])
        #expect(read.text == lock)
        // Nothing but repositories is taken by those who read this form.
        #expect(LockFile(format: .json, workweave: "agent", repositories: read.repositories).text == lock)
        #expect(LockFile(format: .json, workweave: nil, repositories: []).text == "{\n  \"repositories\": {}\n}\n")
        #expect(LockFile(workweave: nil, repositories: read.repositories).text.hasPrefix("repositories:\n  local/chatly/server:\n    type: git\n"))
    }
}
