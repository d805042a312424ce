/// The fields a SETATTR request changes; nil leaves a field as it is.
package struct AttributeChange: Sendable {
    package var mode: UInt32?
    package var uid: UInt32?
    package var gid: UInt32?
    /// Bytes.
    package var size: Int64?
    package var accessTime: Timestamp?
    package var modificationTime: Timestamp?
    /// The kernel wants set-user-id and set-group-id cleared (FATTR_KILL_SUIDGID).
    package var clearsSetID = false
    package init() {}

    /// Whether there is a call of chown(2) in it. One that asks for nothing at all is one too, to nobody else: only the change time moves.
    package var changesOwner: Bool {
        uid != nil || gid != nil || mode == nil && size == nil && accessTime == nil && modificationTime == nil
    }
}
