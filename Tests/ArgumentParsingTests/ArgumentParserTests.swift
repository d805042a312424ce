import Testing
@testable import ArgumentParsing

/// Command lines and what they mean.
@Suite struct ArgumentParserTests {
    static let parser = ArgumentParser(
        program: "rwv",
        globals: [
            OptionSpec("-C", value: "DIR", "there"), OptionSpec("--project", value: "P", "project"), OptionSpec("--json", "json"),
            OptionSpec("--help", alias: "-h", "help"), OptionSpec("--version", "version"),
        ],
        commands: [
            CommandSpec("add", "add", positionals: [PositionalSpec("URL", "url")],
                        options: [OptionSpec("--role", value: "R", "role"), OptionSpec("--new", "new")]),
            CommandSpec("mount", "mount", positionals: [PositionalSpec("P", "p"), PositionalSpec("DIR", "d", .optional)],
                        options: [OptionSpec("-o", value: "OPT", "options")]),
            CommandSpec("exec", "exec", positionals: [PositionalSpec("W", "w"), PositionalSpec("CMD", "c", .rest)], passesOnAfter: 1),
            CommandSpec("list", "list", positionals: [PositionalSpec("X", "x", .rest)]),
        ])

    struct Row: Sendable, CustomTestStringConvertible {
        let words: [String]
        let command: String?
        let options: [String: [String]]
        let positionals: [String]
        var testDescription: String { words.joined(separator: " ") }
        init(_ line: String, _ command: String?, _ options: [String: [String]] = [:], _ positionals: [String] = []) {
            words = line.split(separator: " ", omittingEmptySubsequences: true).map { $0 == "''" ? "" : String($0) }
            (self.command, self.options, self.positionals) = (command, options, positionals)
        }
    }

    @Test(arguments: [
        Row("", nil),
        Row("--json", nil, ["--json": [""]]),
        Row("add u", "add", [:], ["u"]),
        Row("add u --role fork", "add", ["--role": ["fork"]], ["u"]),
        Row("add --role=fork u", "add", ["--role": ["fork"]], ["u"]),
        Row("add --role= u", "add", ["--role": [""]], ["u"]),
        Row("add --role fork --role primary u", "add", ["--role": ["fork", "primary"]], ["u"]),
        Row("--project p add --new u --json", "add", ["--project": ["p"], "--new": [""], "--json": [""]], ["u"]),
        Row("-C d -C e add u", "add", ["-C": ["d", "e"]], ["u"]),
        Row("-Cd add u", "add", ["-C": ["d"]], ["u"]),
        Row("add -- --new", "add", [:], ["--new"]),
        Row("add -", "add", [:], ["-"]),
        Row("add ''", "add", [:], [""]),
        Row("-- add u", "add", [:], ["u"]),
        Row("add -h", "add", ["--help": [""]]),
        Row("add --version", "add", ["--version": [""]]),
        Row("mount p -o ro,allow_other", "mount", ["-o": ["ro,allow_other"]], ["p"]),
        Row("mount -oro p d", "mount", ["-o": ["ro"]], ["p", "d"]),
        Row("exec w ls -l --json -- x", "exec", [:], ["w", "ls", "-l", "--json", "--", "x"]),
        Row("exec w -- ls --help", "exec", [:], ["w", "ls", "--help"]),
        Row("exec --json w ls", "exec", ["--json": [""]], ["w", "ls"]),
        Row("list", "list"),
        Row("list a b c", "list", [:], ["a", "b", "c"]),
    ]) func means(_ row: Row) throws {
        let parsed = try Self.parser.parse(row.words)
        #expect(parsed.command == row.command)
        #expect(parsed.options == row.options)
        #expect(parsed.positionals == row.positionals)
    }

    @Test(arguments: [
        ("ad u", "unknown command 'ad'", "did you mean 'add'?"),
        ("frobnicate", "unknown command 'frobnicate'", "'rwv --help' lists the commands"),
        ("add", "'rwv add' needs URL", "usage: rwv add URL [--role R] [--new]"),
        ("add u v", "unexpected argument 'v'", "usage: rwv add URL [--role R] [--new]"),
        ("add --rolle fork u", "unknown option '--rolle'", "did you mean '--role'?"),
        ("add --jsno u", "unknown option '--jsno'", "did you mean '--json'?"),
        ("add --utterly u", "unknown option '--utterly'", "'rwv add --help' lists the options"),
        ("--new add u", "unknown option '--new'", "'rwv --help' lists the options"),
        ("add u --role", "option '--role' needs a value", "write --role R"),
        ("add u --new=1", "option '--new' takes no value", "write --new alone"),
        ("add u -x", "unknown option '-x'", "did you mean '-C'?"),
        ("add u -hx", "unknown option '-hx'", "write each short option apart, such as -h"),
        ("-C", "option '-C' needs a value", "write -C DIR"),
    ]) func refuses(_ line: String, _ message: String, _ hint: String) {
        let words = line.split(separator: " ").map(String.init)
        #expect(throws: UsageError(message, hint: hint)) { try Self.parser.parse(words) }
    }

    @Test func nearest() {
        #expect(Spelling.nearest(to: "activte", among: ["activate", "add"]) == "activate")
        #expect(Spelling.nearest(to: "tsatus", among: ["status", "add"]) == "status")
        #expect(Spelling.nearest(to: "work", among: ["workweave", "add"]) == "workweave")
        #expect(Spelling.nearest(to: "zzz", among: ["workweave", "add"]) == nil)
    }

    @Test func helpNamesEverything() throws {
        let text = Self.parser.help(for: try #require(Self.parser.command("add")))
        for word in ["Usage: rwv add URL [--role R] [--new]", "--role R", "-h, --help", "-C DIR"] { #expect(text.contains(word)) }
        let all = Self.parser.help(summary: "s")
        for word in ["add URL", "mount P [DIR]", "exec W [CMD…]"] { #expect(all.contains(word)) }
    }
}
