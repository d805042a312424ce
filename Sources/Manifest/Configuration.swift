internal import YAML

/// The user's `config.yaml` below `$XDG_CONFIG_HOME/rwv`.
package struct Configuration: Equatable, Sendable {
    /// Built-in and configured registries.
    package let registries: RegistrySet
    /// Programs of the `command` integration by the names that manifests use, each with its arguments.
    package let commands: [String: [String]]

    package init(registries: RegistrySet = RegistrySet(), commands: [String: [String]] = [:]) {
        self.registries = registries
        self.commands = commands
    }

    /// The file's place below `$XDG_CONFIG_HOME`.
    package static let fileName = "rwv/config.yaml"

    /// Reads the configuration; an empty file says nothing, unknown keys are passed over.
    /// Throws for values of a wrong kind, registries that have not exactly one of `domain` and `directory`, and commands without a program.
    package static func parse(_ bytes: [UInt8], file: String) throws(ManifestError) -> Configuration {
        let example = "write `registries:` and below it `internal: {domain: git.mycompany.com}`"
        guard let root = try MappingReader.root(bytes, file: file, example: example) else { return Configuration() }
        var registries: [Registry] = [], commands: [String: [String]] = [:]
        if let node = root.value("registries") {
            let map = try MappingReader(node, file: file, way: "registries", example: example)
            for pair in map.pairs { registries.append(try registry(pair, map)) }
        }
        if let node = root.value("commands") {
            let map = try MappingReader(node, file: file, way: "commands", example: "write `NAME: [PROGRAM, ARGUMENT]` below it")
            for pair in map.pairs { commands[pair.name] = try words(pair, map) }
        }
        return Configuration(registries: RegistrySet(configured: registries), commands: commands)
    }

    private static func words(_ pair: YAMLPair, _ map: MappingReader) throws(ManifestError) -> [String] {
        let words = pair.value.items?.compactMap(\.text) ?? []
        guard !words.isEmpty, words.count == pair.value.items?.count else {
            throw map.error(.wrongKind, at: pair.value, pair.name, "expected a list of words, found \(pair.value.value.kindName)", "write `\(pair.name): [PROGRAM, ARGUMENT]`")
        }
        return words
    }

    private static func registry(_ pair: YAMLPair, _ map: MappingReader) throws(ManifestError) -> Registry {
        let way = map.way(to: pair.name)
        let hint = "write `\(pair.name): {domain: HOST}` or `\(pair.name): {directory: /PATH}`"
        let entry = try MappingReader(pair.value, file: map.file, way: way, example: hint)
        let location: Registry.Location
        switch (try entry.string("domain"), try entry.string("directory")) {
        case (let domain?, nil): location = .domain(domain)
        case (nil, let directory?): location = .directory(directory)
        case (nil, nil):
            throw ManifestError(code: .missingKey, message: "missing key 'domain' or 'directory'", hint: hint).located(map.file, pair.key.start, way)
        default:
            throw ManifestError(code: .invalidRegistry, message: "has both a domain and a directory", hint: hint).located(map.file, pair.key.start, way)
        }
        do { return try Registry(name: pair.name, location: location) } catch { throw error.located(map.file, pair.key.start, way) }
    }
}
