import Testing

extension EndToEnd {
    /// `rwv exec --fast`: a command has a workweave for itself, at the disk's own speed.
    @Suite struct FastExec {
        /// In each script: what is mounted where a command runs, and how it ends.
        static let words = """
            fast() { rwv -C "$W" exec --fast "$@"; }
            status() { local s=0; "$@" > "$S/tmp/out" 2> "$S/tmp/err" || s=$?; echo $s; }
            engine_inside() { stat -f -c %T .; }
            free() { ! rwv -C "$W" mounts | grep -q 'in use'; }

            """

        @Test func build() throws {
            try Sandbox.with([.build]) { box in
                try box.bash(Self.words + """
                    create agent > /dev/null; V=$(view agent build)
                    same_text 'what it runs on' overlayfs "$(fast agent stat -f -c %T .)"
                    native build HEAD "$S/native/build"
                    (cd "$S/native/build"; ./configure && make -j2 > /dev/null)
                    fast agent sh -c 'cd github/chatly/build && ./configure && make -j2 > "$TMPDIR/make"'
                    for object in "$S"/native/build/*.o; do cmp "$object" "$V/$(basename "$object")"; done
                    same_text 'the program says' "$("$S/native/build/program")" "$("$V/program")"
                    same_text 'second make' "make: 'program' is up to date." "$(make -C "$V" --no-print-directory)"
                    same_text 'second make inside' "make: 'program' is up to date." "$(fast agent make -C github/chatly/build --no-print-directory)"
                    same_text 'status' '' "$(git -C "$V" status --porcelain)"
                    git worktree list > /dev/null 2>&1 || true
                    git -C "$(clone build)" worktree remove --force "$S/native/build"
                    free || fail 'it is still in use'
                    """, limit: 120)
            }
        }
    }
}
