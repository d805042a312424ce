internal import CGit2
internal import Syscalls

/// Who did something and when, as reflogs and commits record it.
package struct Identity: Sendable, Hashable {
    package var name: String
    package var email: String
    /// Seconds since the epoch.
    package var time: Int64
    /// Minutes east of Greenwich.
    package var offset: Int

    package init(name: String, email: String, time: Int64, offset: Int = 0) {
        self.name = name
        self.email = email
        self.time = time
        self.offset = offset
    }

    /// `Name <mail> 1700000000 +0100`
    var text: String {
        let minutes = abs(offset)
        let digits = [minutes / 600, minutes / 60 % 10, minutes % 60 / 10, minutes % 10].map(String.init).joined()
        return "\(Self.clean(name)) <\(Self.clean(email))> \(time) \(offset < 0 ? "-" : "+")\(digits)"
    }

    private static func clean(_ text: String) -> String { String(text.filter { !"<>\n\0".contains($0) }) }
}

extension Repository {
    /// The user as configured (git_signature_default), or the program's own name where nothing is.
    package var identity: Identity {
        var signature: UnsafeMutablePointer<git_signature>?
        guard unsafe git_signature_default(&signature, pointer) >= 0, let s = unsafe signature,
              let name = unsafe s.pointee.name, let email = unsafe s.pointee.email else {
            return Identity(name: "rwv", email: "rwv@localhost", time: Timestamp.current.seconds)
        }
        defer { unsafe git_signature_free(s) }
        return unsafe Identity(name: String(cString: name), email: String(cString: email), time: s.pointee.when.time,
                               offset: Int(s.pointee.when.offset))
    }
}
