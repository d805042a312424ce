internal import Testing

extension EndToEnd {
    /// A project mount holds a build: in a repo as on disk, and outside of the sources at its top. (npm, uv, go and cargo: AcceptedByTools.)
    @Suite struct ProjectMountBuild {
        @Test func configureAndMake() throws {
            try Sandbox.with([.build]) { box in
                try box.bash("""
                    mount_project web-app m; B=$S/m/github/chatly/build
                    native build HEAD "$S/native/build"; mkdir "$S/native/out" "$S/m/out"
                    for place in "$S/native" "$S/m"; do
                        sources=$place/build; [ -d "$sources" ] || sources=$B
                        for directory in "$sources" "$place/out"; do
                            cd "$directory"
                            "$sources/configure" && make -j2 > "$S/tmp/make" 2>&1 || fail "make in $directory: $(tail "$S/tmp/make")"
                            same_text 'second make' "make: 'program' is up to date." "$(make)"
                        done
                    done
                    for object in "$S"/native/build/*.o; do cmp "$object" "$B/$(basename "$object")"; cmp "$object" "$(clone build)/$(basename "$object")"; done
                    same_text 'the program says' "$("$S/native/build/program")" "$("$B/program")"
                    same_text 'outside' "$("$S/native/build/program")" "$("$S/m/out/program")"
                    [ ! -e "$W/out" ] || fail 'the weave has it'
                    same_text 'status' '' "$(git -C "$B" status --porcelain)"
                    # Edited in the clone, built in the mount, and the reverse.
                    echo '/* newer */' >> "$(clone build)/src/part7.c"
                    cd "$B"; rebuilt() { make | sed -n 's/.* -c .* -o //p' | grep .; }
                    until_true 2 rebuilt > "$S/tmp/out"; same_text 'rebuilt' 'part7.o' "$(cat "$S/tmp/out")"
                    echo '/* newer */' >> "$B/src/part9.c"; cd "$(clone build)"; same_text 'rebuilt in the clone' 'part9.o' "$(rebuilt)"
                    git -C "$(clone build)" checkout -q .; git worktree remove --force "$S/native/build"
                    """, limit: 240)
            }
        }
    }
}
