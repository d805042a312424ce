internal import YAML

/// The user's `config.yaml` below `$XDG_CONFIG_HOME/rwv`.
package struct Configuration: Equatable, Sendable {
    /// Built-in and configured registries.
    package let registries: RegistrySet

    package init(registries: RegistrySet = RegistrySet()) { self.registries = registries }

    /// The file's place below `$XDG_CONFIG_HOME`.
    package static let fileName = "rwv/config.yaml"

    /// Reads the configuration; an empty file says nothing, unknown keys are passed over.
    /// Throws for values of a wrong kind and registries that have not exactly one of `domain` and `directory`.
    package static func parse(_ bytes: [UInt8], file: String) throws(ManifestError) -> Configuration {
        let example = "write `registries:` and below it `internal: {domain: git.mycompany.com}`"
        guard let root = try MappingReader.root(bytes, file: file, example: example), let node = root.value("registries") else {
            return Configuration()
        }
        let map = try MappingReader(node, file: file, way: "registries", example: example)
        var found: [Registry] = []
        for pair in map.pairs { found.append(try registry(pair, map)) }
        return Configuration(registries: RegistrySet(configured: found))
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
