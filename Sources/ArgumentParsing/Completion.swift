/// What may stand at the end of an unfinished command line.
package struct Completion: Equatable, Sendable {
    /// What a word is to stand for: the name in capitals of a positional or of an option's value.
    package struct Place: Equatable, Sendable {
        package let name: String
        /// Nil before the command.
        package let command: String?
    }
    /// Literal words: commands or options, with what they do.
    package var words: [(text: String, help: String)] = []
    /// Anything else, for those who know what there is.
    package var place: Place?
    /// What the last word must keep in front of a completion: `--project=`.
    package var head = ""
    /// What has been typed of it.
    package var typed = ""
    /// The words before, taken apart as far as they can be.
    package var before = ParsedArguments()

    package static func == (a: Completion, b: Completion) -> Bool {
        a.words.elementsEqual(b.words) { $0 == $1 } && a.place == b.place && a.head == b.head && a.typed == b.typed && a.before == b.before
    }
}

extension ArgumentParser {
    /// What may stand for the last of these words (which may be empty). The words before it may be wrong; they are passed over.
    package func completion(of words: [String]) -> Completion {
        var done = Completion()
        var awaiting: OptionSpec?, hasEnded = false
        for word in Self.joined(words).dropLast() {
            if let option = awaiting {
                done.before.options[option.name, default: []].append(word)
                awaiting = nil
            } else if word == "--", !hasEnded {
                hasEnded = true
            } else if word.hasPrefix("-"), word.utf8.count > 1, !hasEnded {
                let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard let option = known(done.before.command).first(where: { $0.isSpelled(parts[0]) }) else { continue }
                if parts.count > 1 { done.before.options[option.name, default: []].append(parts[1]) } else if option.value != nil { awaiting = option }
            } else if done.before.command == nil {
                done.before.command = word
            } else { done.before.positionals.append(word) }
        }
        let last = Self.joined(words).last ?? "", name = done.before.command
        done.typed = last
        if let value = awaiting?.value {
            done.place = .init(name: value, command: name)
        } else if !hasEnded, last.hasPrefix("--"), let equals = last.firstIndex(of: "=") {
            let option = known(name).first { $0.isSpelled(String(last[..<equals])) }
            done.place = option?.value.map { .init(name: $0, command: name) }
            // A shell that takes `--a=b` for three words completes the third.
            done.head = words.last == last ? String(last[...equals]) : ""
            done.typed = String(last[last.index(after: equals)...])
        } else if !hasEnded, last.hasPrefix("-") {
            done.words = known(name).map { ($0.name, $0.help) }
        } else if let name {
            let positionals = command(name)?.positionals ?? []
            let place = done.before.positionals.count < positionals.count ? positionals[done.before.positionals.count] : positionals.last { $0.arity == .rest }
            done.place = place.map { .init(name: $0.name, command: name) }
        } else { done.words = commands.map { ($0.name, $0.summary) } }
        done.words.removeAll { !$0.text.hasPrefix(done.typed) }
        return done
    }

    private func known(_ name: String?) -> [OptionSpec] { (name.flatMap { command($0)?.options } ?? []) + globals }

    /// `--a`, `=`, `b`, as bash splits it, is one word again.
    private static func joined(_ words: [String]) -> [String] {
        var joined: [String] = []
        var glues = false
        for word in words {
            if word == "=", let last = joined.last, last.hasPrefix("--") {
                joined[joined.count - 1] = last + "="
                glues = true
            } else if glues {
                joined[joined.count - 1] += word
                glues = false
            } else { joined.append(word) }
        }
        return joined
    }
}
