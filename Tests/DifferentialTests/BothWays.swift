import Testing

/// A weave that one program made is read by the other without complaint, and stays as it is.
@Suite(.serialized) struct BothWays {
    private static let make = """
        rwv fetch https://github.com/chatly/web-app.git; rwv add https://github.com/other/lonely.git --role reference; rwv lock
        cd projects/web-app; git add -A; git commit -qm all; cd ../..
        """

    @Test(arguments: [(TwoPrograms.Program.ours, "real"), (.real, "ours")]) func isRead(_ maker: TwoPrograms.Program, _ reader: String) throws {
        let both = try TwoPrograms()
        let before = try both.run(maker, Self.make + "\n: > ../calls")
        let after = try both.run(maker, Self.make + """

            : > ../calls
            \(reader) check > ../checked; if grep -F '[error]' ../checked; then exit 1; fi
            \(reader); \(reader) resolve; \(reader) activate web-app; \(reader) lock; \(reader) check
            """)
        let tools = before.firstIndex(of: "=== tools") ?? before.endIndex
        #expect(after.prefix(tools).elementsEqual(before[..<tools]), "\(after.prefix(tools).difference(from: before[..<tools]))")
        #expect(after.contains { $0.hasPrefix("npm install") }, "the lock hooks ran")
    }
}
