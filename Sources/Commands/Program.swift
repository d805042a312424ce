internal import ArgumentParsing
internal import Syscalls

/// The program: reads the command line, runs one verb, says what went wrong. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
package struct Program: Sendable {
    static let name = "rwv"
    static let summary = "weaves: many repositories as one workspace, and copy-on-write workweaves of them"

    static let globals = [
        OptionSpec("-C", value: "DIR", "act as if started in DIR"),
        OptionSpec("--project", value: "P", "the project, instead of the one that the directory says"),
        OptionSpec("--json", "print what a command lists or reports as JSON"),
        OptionSpec("--quiet", "say nothing but data and errors"),
        OptionSpec("--version", "print the version"),
        OptionSpec("--help", alias: "-h", "print help, also of one command"),
    ]

    static let parser = ArgumentParser(program: name, globals: globals, commands: Verbs.all.map(\.spec))

    private let service: Service

    package init(service: Service) { self.service = service }

    /// Runs a command line (without the program's own name) and returns the exit code.
    package func run(_ words: [String]) -> Int32 {
        CurrentProcess.ignoreBrokenPipe()
        let output = Output()
        let status: Int32
        do {
            let arguments = try Self.parser.parse(words)
            output.isQuiet = arguments.has("--quiet")
            try perform(arguments, output)
            status = 0
        } catch {
            let failure = CommandFailure(reporting: error)
            output.fail(failure)
            status = failure.status
        }
        if output.flush() { return status }
        output.fail(CommandFailure("cannot write to standard output", hint: "what the command did is done; run it again with an output that can be written"))
        return 1
    }

    private func perform(_ arguments: ParsedArguments, _ output: Output) throws {
        let verb = Verbs.all.first { $0.spec.name == arguments.command }
        if arguments.has("--help") {
            return output.print(verb.map { Self.parser.help(for: $0.spec) } ?? Self.parser.help(summary: Self.summary), terminator: "")
        }
        if arguments.has("--version") { return output.print("\(Self.name) \(Version.text)") }
        let session = try Session(arguments, output, service)
        try (verb?.run ?? ShowContext.run)(session)
    }
}
