import Testing

extension EndToEnd {
    /// What is the `checkout` engine's own.
    @Suite struct Checkouts {
        private static let helpers = """
            make() { rwv -C "$W" workweave web-app create "$@" --engine checkout > /dev/null; }
            role() { sed -i "/chatly.$1:/,/role/ s/role: .*/role: $2/" "$3/projects/web-app/rwv.yaml"; }
            # As somebody whom modes stop: root is none.
            stops() { if [ "$(id -u)" -eq 0 ]; then ! setpriv --reuid=65534 --clear-groups --bounding-set=-all bash -c "$1" 2> /dev/null; else ! bash -c "$1" 2> /dev/null; fi; }

            """

        /// They are where they are looked for, and what is said of them is so.
        @Test func withNothingMounted() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.helpers + """
                    up; make one; make two; down
                    same_text 'the links' 'one two ' "$(ls "$W/.workweaves" | tr '\n' ' ')"
                    same_text 'the mode below' 555 "$(stat -c %a "$W/.workweaves")"
                    same_text 'states' "served served" "$(rwv -C "$W" mounts --json | json_values state | tr '\n' ' ' | sed 's/ $//')"
                    rwv -C "$W" doctor > "$S/tmp/out" 2>&1 || fail "doctor: $(cat "$S/tmp/out")"
                    is_clean "$(view one server)"; echo x > "$(view one server)/x"
                    # What goes or becomes another while it is served leaves no link.
                    up; delete two; rwv -C "$W" workweave web-app engine one fuse
                    [ -f "$(view one server)/x" ] || fail 'x is gone'
                    down
                    same_text 'the links' '' "$(ls "$W/.workweaves")"
                    rwv -C "$W" doctor > "$S/tmp/out" 2>&1 || fail "doctor: $(cat "$S/tmp/out")"
                    rwv -C "$W" workweave web-app engine one checkout; make three; down
                    unlink=$W/.workweaves/three; chmod u+w "$W/.workweaves"; rm "$unlink"; chmod 555 "$W/.workweaves"
                    same_text 'states' "down served" "$(rwv -C "$W" mounts | grep -o '[a-z]*$' | sort | tr '\n' ' ' | sed 's/ $//')"
                    """)
            }
        }

        @Test func referencesAreReadOnly() throws {
            try Sandbox.with([.app, .util]) { box in
                try box.bash(Self.helpers + """
                    role util reference "$W"; git -C "$W/projects/web-app" commit -qam reference
                    make agent; U=$(view agent util); V=$(view agent server); P=$W/.workweaves/agent
                    chmod a+rx "$S" "$W" "$W/.rwv" "$W/.rwv/workweaves" "$W/.rwv/workweaves/agent" "$W/.workweaves" 2> /dev/null || true
                    stops "echo x >> '$U/README.md'" || fail 'a file was written to'
                    stops "echo x > '$U/new'" || fail 'a file was made'
                    same_text 'who may write' '' "$(find "$U" ! -type l -perm /222)"
                    is_clean "$U"
                    ! git -C "$U" commit -q --allow-empty -m no 2> /dev/null || fail 'a reference was committed to'
                    echo x > "$V/new"; rm "$V/new"
                    # Roles are followed, both ways.
                    role util primary "$P"; role server reference "$P"; rwv -C "$W" workweave web-app sync agent
                    echo x > "$U/new"; git -C "$U" add new; git -C "$U" commit -qm new
                    same_text 'modes as git gives them' '' "$(find "$U" -name .git -prune -o -type f ! -perm 644 ! -perm 755 -print)"
                    same_text 'who may write' '' "$(find "$V" ! -type l -perm /222)"
                    ! git -C "$V" commit -q --allow-empty -m no 2> /dev/null || fail 'a reference was committed to'
                    # What holds work stays as it is.
                    role util reference "$P"; rwv -C "$W" workweave web-app sync agent
                    echo y > "$U/more"; git -C "$U" branch kept; rm "$U/more"
                    role server primary "$P"; rwv -C "$W" workweave web-app sync agent
                    echo x > "$V/new"; rm "$V/new"
                    git -C "$P/projects/web-app" checkout -q .
                    role server reference "$P"; rwv -C "$W" workweave web-app sync agent; git -C "$P/projects/web-app" commit -qam roles; git -C "$P/projects/web-app" branch kept
                    # And it goes all the same.
                    delete agent
                    [ ! -e "$W/.rwv/workweaves/agent" ] || fail 'something is left'
                    """)
            }
        }
    }
}
