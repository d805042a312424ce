import Syscalls
import Testing

@Suite struct HelpTests {
    /// docs/commands.md ends with what `make docs` writes there: the help text of the program and of every command.
    @Test func commandsPageHoldsEveryHelpText() throws {
        let play = try Playground()
        let page = String(decoding: try Files.read(source("docs/commands.md")), as: UTF8.self)
        let commands = try play.rwv("completions", "candidates", "").out.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        #expect(commands.count > 12)
        var expected = ""
        for words in [["--help"]] + commands.map({ [$0, "--help"] }) {
            let said = try play.run(words)
            #expect(said.status == 0 && said.err.isEmpty)
            expected += "\n```\n$ rwv \(words.joined(separator: " "))\n\(said.out)```\n"
        }
        #expect(page.hasSuffix("\n## Help texts\n" + expected), "run 'make docs'")
        for command in commands {
            #expect(page.contains("\n## rwv \(command)\n") || page.contains("\n## rwv \(command) "), "docs/commands.md does not describe \(command)")
        }
    }

    @Test func manualPagesAreWellFormed() throws {
        let play = try Playground()
        for page in ["rwv.1", "rwv.yaml.5"] {
            let said = try play.rwv("manual", page)
            #expect(said.status == 0)
            try play.write(page, said.out)
            // The pages are made anew with each build: a date would say nothing.
            #expect(try play.sh("mandoc -T lint -W warning \(page) 2>&1 | grep -v 'missing date' || true") == "")
            #expect(try play.sh("man -l --warnings=w \(page) 2>&1 > rendered") == "")
            #expect(try play.sh("mandoc -T ascii \(page) | col -b | grep -c 'SEE ALSO'") == "1\n")
        }
        #expect(try play.rwv("manual", "rwv.7") == .init(err: "error: there is no manual page 'rwv.7'\nhint: there are rwv.1 and rwv.yaml.5\n", status: 2))
        for command in try play.rwv("completions", "candidates", "").out.split(separator: "\n").map({ $0.prefix { $0 != "\t" } }) {
            #expect(try play.read("rwv.1").contains("\n.SS \"rwv \(command)"))
        }
    }

    /// A path of this source tree.
    private func source(_ path: String) -> String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/" + path
    }
}
