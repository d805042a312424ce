internal import Testing

extension EndToEnd {
    /// One table of operations, run in a native checkout and in a view: the same results, and the same tree in the end.
    @Suite struct FileSystemTable {
        @Test func sameAsTheNativeFileSystem() throws {
            try Sandbox.with([.posix]) { box in
                try box.bash("""
                    create agent
                    native posix HEAD "$S/native/posix"
                    /usr/bin/python3 "$TOOLS/posix.py" "$S/native/posix" > "$S/native.json" || fail 'the table fails natively'
                    ! grep 'raised' "$S/native.json" || fail 'a case is broken: it raises natively'
                    /usr/bin/python3 "$TOOLS/posix.py" "$(view agent posix)" > "$S/view.json" || fail 'the table fails in the view'
                    if [ "$SHOWN" = kernel ]; then
                        # Known differences of the kernel's overlayfs (docs/engines.md): cases of the lower, and what is left of one of them.
                        for file in native view; do
                            grep -vE '^(reader_sees_copy_up|copying_ranges|replaced_while_open|extended_attributes) lower |^inode_numbers |/c25/' "$S/$file.json" > "$S/$file.same"
                            mv "$S/$file.same" "$S/$file.json"
                        done
                    fi
                    diff "$S/native.json" "$S/view.json" || fail 'the view answers otherwise than the native file system'
                    changed() { git -C "$1" status --porcelain | sort | if [ "$SHOWN" = kernel ]; then grep -v c25/; else cat; fi; }
                    same_text 'status' "$(changed "$S/native/posix")" "$(changed "$(view agent posix)")"
                    shown=$(listing "$(view agent posix)")
                    down; up
                    same_text 'after down and up' "$shown" "$(listing "$(view agent posix)")"
                    # Sockets and the like are nothing that git could hold.
                    delete --force agent
                    """, limit: 240)
            }
        }

        @Test func whatNobodyMayDo() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; A=$W/.workweaves/agent
                    # Whiteouts and our own marks are no files of the user's.
                    rm "$(view agent server)/README.md"
                    [ ! -e "$(view agent server)/README.md" ] || fail 'a whiteout shows'
                    getxattrs() { /usr/bin/python3 -c 'import os, sys; print(sorted(os.listxattr(sys.argv[1])))' "$1"; }
                    mv "$(view agent server)/src" "$(view agent server)/moved"; echo x >> "$(view agent server)/docs/guide.md"
                    for path in moved docs docs/guide.md; do same_text "attributes of $path" '[]' "$(getxattrs "$(view agent server)/$path")"; done
                    # Beneath a missing mount nothing can be written.
                    down
                    same_text 'mode of the mount point' 555 "$(stat -c %a "$W/.workweaves")"
                    up
                    """)
            }
        }
    }
}
