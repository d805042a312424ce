import Testing
import YAML

private func parse(_ text: String) throws(YAMLError) -> YAMLNode? { try YAMLDocument.parse(Array(text.utf8)).root }

private func failure(_ bytes: [UInt8]) -> YAMLError? {
    do throws(YAMLError) { _ = try YAMLDocument.parse(bytes) } catch { return error }
    return nil
}

@Suite struct YAMLReading {
    @Test func marksAreLinesColumnsAndBytes() throws {
        let root = try #require(try parse("# é\né: [1, 'x']\r\nb:\r  c: 1.10\n"))
        let (first, second) = (try #require(root["é"]), try #require(root["b"]))
        #expect(first.key.start == YAMLMark(line: 2, column: 1, offset: 5))
        #expect(first.value.items?[1].start == YAMLMark(line: 2, column: 8, offset: 13))
        #expect(second.key.start == YAMLMark(line: 3, column: 1, offset: 19))
        #expect(second.value["c"]?.value.start == YAMLMark(line: 4, column: 6, offset: 27))
        #expect(second.value["c"]?.value.text == "1.10")
        #expect(second.value["c"]?.value.value == .number("1.10"))
    }

    @Test func aByteOrderMarkTakesBytesButNoColumn() throws {
        let root = try #require(try parse("\u{FEFF}a: 1\nb: é"))
        #expect(root["a"]?.key.start == YAMLMark(line: 1, column: 1, offset: 3))
        #expect(root["b"]?.value.end == YAMLMark(line: 2, column: 5, offset: 13))
    }

    /// Every mark agrees with counting in the text, whatever the characters and line ends.
    @Test(arguments: ["[a, é, 日本, b]\n", "- é\r\n- 日\r\n- z\n", "é: 1\nb:\n  - 😀\n  - x\n", "\u{FEFF}- é\n- \u{2028}\n- z"]) func marksAgreeWithTheText(text: String) throws {
        func check(_ mark: YAMLMark) {
            var before = Array(text.utf8)[..<mark.offset]
            if before.starts(with: [0xEF, 0xBB, 0xBF]) { before = before.dropFirst(3) }
            let lines = before.split(separator: 0x0A, omittingEmptySubsequences: false)
            #expect(mark.line == lines.count)
            #expect(mark.column == String(decoding: lines.last ?? [], as: UTF8.self).unicodeScalars.count + 1)
        }
        func walk(_ node: YAMLNode) {
            check(node.start)
            check(node.contentEnd)
            for item in node.items ?? [] { walk(item) }
            for pair in node.pairs ?? [] { walk(pair.key); walk(pair.value) }
        }
        walk(try #require(try parse(text)))
    }

    @Test(.timeLimit(.minutes(1))) func manyNodesOnOneLineStayCheap() throws {
        for item in ["a", "é"] {
            let text = "[" + [String](repeating: item, count: 300_000).joined(separator: ",") + "]"
            #expect(try parse(text)?.items?.last?.start.column == 600_000)
        }
    }

    @Test(arguments: ["", "\n \n", "# only a comment\n"]) func nothingIsNoRoot(text: String) throws {
        #expect(try parse(text) == nil)
    }

    @Test func anExplicitEmptyDocumentIsNull() throws {
        #expect(try parse("---\n")?.isNull == true)
    }

    @Test func aliasesHoldTheirAnchorsAndKeepTheirOwnPlace() throws {
        let root = try #require(try parse("a: &x {k: 1}\nb: *x\n"))
        #expect(root["b"]?.value.value == root["a"]?.value.value)
        #expect(root["b"]?.value.start == YAMLMark(line: 2, column: 4, offset: 16))
        #expect(root["b"]?.value.alias == "x")
        #expect(root["a"]?.value.anchor == "x")
    }

    @Test func contentEndsBeforeCommentsAndBlanks() throws {
        let root = try #require(try parse("a:\n  b:\n    c: d\n\n  # far\nz: 1\n"))
        #expect(root["a"]?.value.contentEnd.offset == 16)
        #expect(root["a"]?.value.end.line == 6)
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "duplicate key 'a': first on line 1, again on line 3", 3, 1),
        ("a: 1\n---\nb: 2\n", "a second document begins here; only one can be read", 2, 1),
        ("a: *x\n", "alias '*x' has no anchor '&x' before it", 1, 4),
        ("&a [*a]\n", "alias '*a' has no anchor '&a' before it", 1, 5),
        ("? [a]\n: b\n", "a key must be a scalar, not a collection", 1, 3),
        ("a:\n\tb: 1\n", "a tab where only spaces can indent", 2, 1),
        ("a: [1\nb: 2\n", "did not find expected ',' or ']' (while parsing a flow sequence from line 1)", 2, 2),
        ("a: \u{7}\n", "control characters are not allowed", 1, 4),
        ("é: \u{7}\n", "control characters are not allowed", 1, 4),
    ]) func refusals(text: String, message: String, line: Int, column: Int) {
        #expect(failure(Array(text.utf8)) == YAMLError(message: message, line: line, column: column))
    }

    @Test func bytesThatAreNoUTF8AreNamedByPlace() {
        #expect(failure(Array("a: b\nc: é".utf8) + [0xFF]) == YAMLError(message: "the text is not valid UTF-8", line: 2, column: 5))
        #expect(failure([0xFF, 0xFE, 0x61, 0]) == YAMLError(message: "the text is not valid UTF-8", line: 1, column: 1))
    }

    @Test func aliasesThatExplodeAreRefused() {
        var text = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let item = "*l\(level - 1)"
            text += "l\(level): &l\(level) [\([String](repeating: item, count: 9).joined(separator: ", "))]\n"
        }
        #expect(failure(Array(text.utf8))?.message == "the aliases stand for more than 100000 nodes")
    }

    @Test func depthAndSizeHaveLimits() throws {
        let nested = { (n: Int) in Array((String(repeating: "[", count: n) + String(repeating: "]", count: n)).utf8) }
        #expect(failure(nested(65)) == nil)
        #expect(failure(nested(66))?.message == "nested deeper than 64 levels")
        #expect(failure(nested(100_000))?.message == "nested deeper than 64 levels")
        var limits = YAMLLimits()
        limits.bytes = 4
        #expect(throws: YAMLError(message: "the file is larger than 4 bytes", line: 1, column: 1)) {
            try YAMLDocument.parse(Array("abcde".utf8), limits: limits)
        }
    }

    @Test(arguments: [
        ("!!str 1", YAMLValue.string("1")), ("! 1", .string("1")), ("'1'", .string("1")), ("1", .number("1")), ("~", .null), ("''", .string("")),
        ("yes", .string("yes")), ("TRUE", .bool(true)), ("010", .string("010")), ("0o17", .number("0o17")), (".nan", .number(".nan")),
        ("-.nan", .string("-.nan")), ("|\n a\n", .string("a\n")),
    ]) func scalarsMeanWhatTheCoreSchemaSays(text: String, value: YAMLValue) throws {
        #expect(try parse(text)?.value == value)
    }
}

@Suite struct YAMLWriting {
    @Test(arguments: serdeScalars) func stringsAreWrittenAsSerdeWritesThem(text: String, written: String) {
        #expect(YAMLEmitter.scalar(text) == written)
    }

    @Test(arguments: serdeScalars.map(\.text) + ["", "a\nb", "a\u{85}b", "\u{2028}x", "\u{7}\u{0}", "e\u{301}"])
    func whatIsWrittenReadsBack(text: String) throws {
        let value = YAMLValue.mapping([YAMLMember(text, .sequence([.string(text), .mapping([])]))])
        #expect(try parse(YAMLEmitter.text(of: value))?.value == value)
        #expect(try parse("[" + YAMLEmitter.quoted(text) + "]")?.items?.first?.text?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
    }

    @Test func longKeysGetAQuestionMark() {
        let key = String(repeating: "k", count: 130)
        let text = YAMLEmitter.text(of: .mapping([YAMLMember(key, .mapping([YAMLMember("a", .string("b")), YAMLMember("c", .null)]))]))
        #expect(text == "? \(key)\n: a: b\n  c: null\n")
    }
}
