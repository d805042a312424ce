/// One step of the parser through the text.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(String, YAMLNode.ScalarStyle)
        case sequenceStart(YAMLNode.CollectionStyle), sequenceEnd
        case mappingStart(YAMLNode.CollectionStyle), mappingEnd
    }

    /// What may be written before a node; most have neither, and no object then.
    final class Properties: Sendable {
        let anchor: String?
        let tag: String?

        init?(anchor: String?, tag: String?) {
            if anchor == nil && tag == nil { return nil }
            (self.anchor, self.tag) = (anchor, tag)
        }
    }

    let kind: Kind
    let properties: Properties?
    let start: YAMLMark
    let end: YAMLMark
}
