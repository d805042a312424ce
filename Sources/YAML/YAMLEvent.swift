/// One step of the parser through the text.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(String, YAMLNode.ScalarStyle)
        case sequenceStart(YAMLNode.CollectionStyle), sequenceEnd
        case mappingStart(YAMLNode.CollectionStyle), mappingEnd
    }

    let kind: Kind
    let anchor: String?
    let tag: String?
    let start: YAMLMark
    let end: YAMLMark
}
