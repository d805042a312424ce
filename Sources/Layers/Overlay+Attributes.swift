package import Syscalls

extension Overlay {
    /// Changes attributes and returns the new ones. - Throws: EPERM, EROFS, ENOSPC, EINVAL.
    package func setAttributes(_ id: NodeID, _ change: AttributeChange, _ s: Scratch) throws(Errno) -> FileStatus {
        try onNode(id) { () throws(Errno) in
            if table.withLock({ nodes[id.raw].map { $0.state == .gone && $0.isDirectory } ?? false }) { return try attributesLocked(id, s) }
            let place = try materialized(id, keep: change.size ?? .max, s)
            guard place.isUpper else { throw .notFound }
            if let size = change.size {
                try withFile(id, place, s) { file throws(Errno) in
                    try file.truncate(to: size)
                    if change.clearsSetID { try file.clearSetID() }
                }
            }
            try apply(change, to: place, s)
            return try attributesLocked(id, s)
        }
    }

    private func apply(_ change: AttributeChange, to place: Place, _ s: Scratch) throws(Errno) {
        // Who lifts a mode puts back the one he saw.
        lifts.lock.lock()
        defer { lifts.lock.unlock() }
        if change.changesOwner {
            try place.base.setOwner(s.path, uid: change.uid ?? .max, gid: change.gid ?? .max)
        }
        if let mode = change.mode { try place.base.setMode(s.path, mode) }
        if change.accessTime != nil || change.modificationTime != nil {
            try place.base.setTimes(s.path, access: change.accessTime ?? .omit, modification: change.modificationTime ?? .omit)
        }
    }

    /// The value of a user attribute; nil when there is none. Files of the lower have none, git keeps none.
    package func attribute(_ id: NodeID, _ name: String, _ s: Scratch) throws(Errno) -> [UInt8]? {
        try checkName(name)
        return try onNode(id) { () throws(Errno) in
            let place = try locate(id, nil, s.path)
            return place.isUpper ? try place.base.attribute(s.path, AttributeName(name)) : nil
        }
    }

    package func setAttribute(_ id: NodeID, _ name: String, _ value: [UInt8], flags: Int32, _ s: Scratch) throws(Errno) {
        try checkName(name)
        try onNode(id) { () throws(Errno) in
            try materialized(id, s).base.setAttribute(s.path, AttributeName(name), value, flags: flags)
        }
    }

    package func removeAttribute(_ id: NodeID, _ name: String, _ s: Scratch) throws(Errno) {
        try checkName(name)
        try onNode(id) { () throws(Errno) in
            try requireUnsealed()
            let place = try locate(id, nil, s.path)
            guard place.isUpper else { throw .noData }
            try place.base.removeAttribute(s.path, AttributeName(name))
        }
    }

    /// The names of the user attributes, each ended by a zero.
    package func attributeNames(_ id: NodeID, _ s: Scratch) throws(Errno) -> [UInt8] {
        try onNode(id) { () throws(Errno) in
            let place = try locate(id, nil, s.path)
            guard place.isUpper else { return [] }
            var shown: [UInt8] = []
            for name in try place.base.attributeNames(s.path).split(separator: 0) {
                let text = String(decoding: name, as: UTF8.self)
                if text.hasPrefix("user."), !UpperFormat.isPrivate(text) { shown += name + [0] }
            }
            return shown
        }
    }

    /// Only `user.` attributes are the view's; the layer's own are nobody's. - Throws: EOPNOTSUPP, EPERM.
    private func checkName(_ name: String) throws(Errno) {
        guard name.hasPrefix("user.") else { throw .notSupported }
        if UpperFormat.isPrivate(name) { throw .permission }
    }
}
