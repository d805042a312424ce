/// What one command takes and does: the source of its parsing, its `--help`, and of the list of commands.
package struct CommandSpec: Sendable {
    package let name: String
    /// One line, no full stop, as the list of commands shows it.
    package let summary: String
    package let positionals: [PositionalSpec]
    package let options: [OptionSpec]
    /// More than the summary says, for `--help`; lines are broken by hand.
    package let details: String
    /// After that many positionals the rest is taken as it is, options included (`exec WORKWEAVE CMD -x`). Nil: never.
    package let passesOnAfter: Int?

    package init(
        _ name: String, _ summary: String, positionals: [PositionalSpec] = [], options: [OptionSpec] = [], details: String = "",
        passesOnAfter: Int? = nil
    ) {
        self.name = name
        self.summary = summary
        self.positionals = positionals
        self.options = options
        self.details = details
        self.passesOnAfter = passesOnAfter
    }

    /// The line behind "Usage:", without the program's name.
    package var usage: String {
        ([name] + positionals.map(\.usage) + options.map { "[\($0.usage)]" }).joined(separator: " ")
    }
}

/// An argument that is no option.
package struct PositionalSpec: Sendable {
    package enum Arity: Sendable { case required, optional, rest }
    /// In capitals, as the help shows it.
    package let name: String
    package let help: String
    package let arity: Arity

    package init(_ name: String, _ help: String, _ arity: Arity = .required) {
        self.name = name
        self.help = help
        self.arity = arity
    }

    var usage: String {
        switch arity {
        case .required: name
        case .optional: "[\(name)]"
        case .rest: "[\(name)…]"
        }
    }
}

/// An option: a flag, or one with a value.
package struct OptionSpec: Sendable {
    /// `--json`, or `-o` for one that has only a short form.
    package let name: String
    /// Another spelling, such as `-h`.
    package let alias: String?
    /// The value's name in capitals; nil for a flag.
    package let value: String?
    package let help: String

    package init(_ name: String, alias: String? = nil, value: String? = nil, _ help: String) {
        self.name = name
        self.alias = alias
        self.value = value
        self.help = help
    }

    func isSpelled(_ word: String) -> Bool { name == word || alias == word }

    var usage: String { value.map { "\(name) \($0)" } ?? name }

    /// All its spellings, the way lists of options show them.
    package var heading: String { ([alias].compactMap { $0 } + [usage]).joined(separator: ", ") }
}
