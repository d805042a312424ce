/// The text of `--help`.
extension ArgumentParser {
    /// For the whole program.
    package func help(summary: String) -> String {
        let rows = commands.map { (Self.head($0), $0.summary) }
        return """
            \(program) - \(summary)

            Usage: \(program) [OPTION…] [COMMAND [ARGUMENT…]]

            Commands:
            \(Self.table(rows))

            Options, anywhere on the line:
            \(Self.table(globals.map(Self.row)))

            '\(program) COMMAND --help' tells more of a command. Without a command the current context is shown.

            """
    }

    /// For one command.
    package func help(for command: CommandSpec) -> String {
        var text = "\(program) \(command.name) - \(command.summary)\n\nUsage: \(program) \(command.usage)\n"
        if !command.details.isEmpty { text += "\n\(command.details)\n" }
        if !command.positionals.isEmpty { text += "\nArguments:\n\(Self.table(command.positionals.map { ($0.name, $0.help) }))\n" }
        if !command.options.isEmpty { text += "\nOptions:\n\(Self.table(command.options.map(Self.row)))\n" }
        return text + "\nOptions of every command:\n\(Self.table(globals.map(Self.row)))\n"
    }

    private static func head(_ command: CommandSpec) -> String {
        ([command.name] + command.positionals.map(\.usage)).joined(separator: " ")
    }

    private static func row(_ option: OptionSpec) -> (String, String) {
        (option.heading, option.help)
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let width = min(34, rows.map(\.0.count).max() ?? 0)
        return rows.map { left, right in
            left.count > width
                ? "  \(left)\n  \(String(repeating: " ", count: width))  \(right)"
                : "  \(left)\(String(repeating: " ", count: width - left.count))  \(right)"
        }.joined(separator: "\n")
    }
}
