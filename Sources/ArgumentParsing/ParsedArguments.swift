/// A command line taken apart.
package struct ParsedArguments: Equatable, Sendable {
    /// Nil when no command was named.
    package var command: String?
    /// By the option's `name`; flags have empty values. Several where an option was repeated, in order.
    package var options: [String: [String]] = [:]
    package var positionals: [String] = []

    package init() {}

    package func has(_ option: String) -> Bool { options[option] != nil }

    /// The last value given.
    package func value(_ option: String) -> String? { options[option]?.last }

    package func values(_ option: String) -> [String] { options[option] ?? [] }

    package subscript(position: Int) -> String? { position < positionals.count ? positionals[position] : nil }
}
