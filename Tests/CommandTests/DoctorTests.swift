import Testing

@Suite struct DoctorTests {
    /// A fix can be pasted into a shell, whatever the weave is called.
    @Test func fixesAreQuoted() throws {
        let play = try Playground()
        try play.sh("mkdir 'a b'")
        #expect(try play.rwv("init", "web-app", in: "a b").status == 0)
        try play.sh("""
            mkdir -p 'a b/.rwv/workweaves'; cd 'a b/projects/web-app'; git add -A; git commit -qm one
            git worktree add -q -b gone/main "$OLDPWD/it's/gone"; git worktree lock --reason "in use by the workweave 'gone' of $OLDPWD/a b; remove it with: rwv workweave PROJECT delete gone" "$OLDPWD/it's/gone"
            """)
        let said = try play.rwv("doctor", in: "a b").out
        #expect(said.contains("git -C 'ROOT/a b/projects/web-app' worktree unlock 'ROOT/it'\\''s/gone'; "), "\(said)")
    }
}
