/// Reads command lines as getopt_long(3) does: `--option=value`, `--option value`, `-ovalue`, options and positionals in any
/// order, `--` before what is no option. Global options stand anywhere.
package struct ArgumentParser: Sendable {
    package let program: String
    package let globals: [OptionSpec]
    package let commands: [CommandSpec]

    package init(program: String, globals: [OptionSpec], commands: [CommandSpec]) {
        self.program = program
        self.globals = globals
        self.commands = commands
    }

    package func command(_ name: String) -> CommandSpec? { commands.first { $0.name == name } }

    /// - Parameter lenient: leaves out the checks of number, for a line that asks for help.
    package func parse(_ words: [String]) throws(UsageError) -> ParsedArguments {
        var reader = Reader(parser: self, words: words)
        try reader.readAll()
        let parsed = reader.parsed
        if let spec = reader.command, !parsed.has("--help"), !parsed.has("--version") { try checkCount(parsed, spec) }
        return parsed
    }

    private func checkCount(_ parsed: ParsedArguments, _ spec: CommandSpec) throws(UsageError) {
        let required = spec.positionals.filter { $0.arity == .required }
        if parsed.positionals.count < required.count {
            throw UsageError("'\(program) \(spec.name)' needs \(required[parsed.positionals.count].name)", hint: "usage: \(program) \(spec.usage)")
        }
        if parsed.positionals.count > spec.positionals.count, spec.positionals.last?.arity != .rest {
            throw UsageError("unexpected argument '\(parsed.positionals[spec.positionals.count])'", hint: "usage: \(program) \(spec.usage)")
        }
    }
}

/// One pass over the words.
private struct Reader {
    let parser: ArgumentParser
    let words: [String]
    var at = 0
    var command: CommandSpec?
    var parsed = ParsedArguments()

    init(parser: ArgumentParser, words: [String]) {
        self.parser = parser
        self.words = words
    }

    mutating func readAll() throws(UsageError) {
        while at < words.count {
            if let limit = command?.passesOnAfter, parsed.positionals.count >= limit { return passRest() }
            let word = words[at]
            at += 1
            if word == "--" { return try takeRest() }
            if word.utf8.starts(with: "--".utf8) {
                try readLong(word)
            } else if word.utf8.first == UInt8(ascii: "-"), word.utf8.count > 1 {
                try readShort(word)
            } else {
                try take(word)
            }
        }
    }

    private mutating func take(_ word: String) throws(UsageError) {
        if command != nil { return parsed.positionals.append(word) }
        guard let found = parser.command(word) else {
            let near = Spelling.nearest(to: word, among: parser.commands.map(\.name))
            throw UsageError("unknown command '\(word)'", hint: near.map { "did you mean '\($0)'?" } ?? "'\(parser.program) --help' lists the commands")
        }
        command = found
        parsed.command = found.name
    }

    /// What stands behind `--`.
    private mutating func takeRest() throws(UsageError) {
        for word in words[at...] { try take(word) }
        at = words.count
    }

    /// What goes to another program; one `--` in front of it is ours.
    private mutating func passRest() {
        var rest = words[at...]
        if rest.first == "--" { rest.removeFirst() }
        parsed.positionals += rest
        at = words.count
    }

    private mutating func readLong(_ word: String) throws(UsageError) {
        let bytes = Array(word.utf8)
        let equals = bytes.firstIndex(of: UInt8(ascii: "="))
        let name = String(decoding: bytes[..<(equals ?? bytes.count)], as: UTF8.self)
        let option = try find(name)
        if option.value == nil {
            if equals != nil { throw UsageError("option '\(name)' takes no value", hint: "write \(name) alone") }
            return record(option, "")
        }
        if let equals { return record(option, String(decoding: bytes[(equals + 1)...], as: UTF8.self)) }
        record(option, try next(option, name))
    }

    private mutating func readShort(_ word: String) throws(UsageError) {
        let bytes = Array(word.utf8)
        let name = String(word.prefix(2))
        let option = try find(bytes.count == 2 ? word : name)
        guard option.value != nil else {
            if bytes.count > name.utf8.count {
                throw UsageError("unknown option '\(word)'", hint: "write each short option apart, such as \(name)")
            }
            return record(option, "")
        }
        if bytes.count > name.utf8.count { return record(option, String(word.dropFirst(2))) }
        record(option, try next(option, name))
    }

    private mutating func record(_ option: OptionSpec, _ value: String) { parsed.options[option.name, default: []].append(value) }

    private mutating func next(_ option: OptionSpec, _ name: String) throws(UsageError) -> String {
        guard at < words.count else { throw UsageError("option '\(name)' needs a value", hint: "write \(name) \(option.value ?? "VALUE")") }
        at += 1
        return words[at - 1]
    }

    private func find(_ name: String) throws(UsageError) -> OptionSpec {
        let known = (command?.options ?? []) + parser.globals
        if let option = known.first(where: { $0.isSpelled(name) }) { return option }
        let help = "'\(parser.program) \(command.map { $0.name + " " } ?? "")--help' lists the options"
        let near = Spelling.nearest(to: name, among: known.flatMap { [$0.name] + ($0.alias.map { [$0] } ?? []) })
        throw UsageError("unknown option '\(name)'", hint: near.map { "did you mean '\($0)'?" } ?? help)
    }
}
