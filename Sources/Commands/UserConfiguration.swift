internal import Manifest
internal import Syscalls
internal import Weave

/// The user's configuration, as it is now: `$XDG_CONFIG_HOME/rwv/config.yaml`.
enum UserConfiguration {
    static func read() throws -> Configuration {
        let home = CurrentProcess.environment("HOME").map { $0 + "/.config" }
        let configured = CurrentProcess.environment("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        guard let directory = configured ?? home else { return Configuration() }
        let path = directory + "/" + Configuration.fileName
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return Configuration() }
        return try Configuration.parse(bytes, file: path)
    }
}
