internal import Weave

/// What a server says to its keeper over their channel, each as one packet.
enum KeeperCall: Codable, Sendable {
    /// The server serves. Not answered.
    case ready
    /// It cannot, and why. Not answered; the keeper ends with it.
    case refused(WeaveError)
    /// Mount a FUSE file system. Answered with `kept` and the descriptor, or with `failed`.
    case mount(MountRequest)
    /// Take one away; `lazy` detaches it though it is in use. Answered with `done` or `failed` (`.busy`).
    case unmount(id: String, lazy: Bool)
    /// Somebody else took it away: close its descriptor. Not answered.
    case forget(id: String)
    /// Nothing is left to serve: when this server ends, there shall be no other. Not answered.
    case stop
}

/// What a keeper says to a server.
enum KeeperAnswer: Codable, Sendable {
    /// A mount, its descriptor with it. At the start of a server one for each that there is, then as the answer to `mount`.
    case kept(KeptMount)
    /// That was all: begin.
    case begin
    case done
    case failed(WeaveError)
}

/// A mount that a server wants.
struct MountRequest: Codable, Sendable {
    /// The name that server and keeper call it by; one mount each.
    let id: String
    /// The canonical path of the mount point.
    let path: String
    /// As for `-o` (fuse(8)), without `fsname`.
    let options: [String]
    /// Make the directory if it is missing.
    let makesDirectory: Bool
    /// Where to mount it instead; somebody else takes it to `path`.
    let place: String?
}

/// A mount as it lives on from server to server.
struct KeptMount: Codable, Sendable {
    let id: String
    let path: String
    /// The kernel's first request, which each server answers to its own libfuse session.
    let initRequest: [UInt8]
}
