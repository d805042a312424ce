internal import Testing

extension EndToEnd {
    /// A place that two weaves have registered: what the other has mounted there stays, whatever is brought up or taken down here.
    @Suite struct MountsOfOthers {
        private static let tools = """
            at() { awk -v d="$1" '$5 == d { print $(NF - 1) }' /proc/self/mountinfo; }
            # `kept WHEN WEAVE PLACE`: that weave is mounted there, and answers.
            kept() { same_text "$1" "$2" "$(at "$3")"; same_text "$1" web-app "$(cat "$3/.rwv-active")"; }
            refused() { local s=0; rwv "$@" > "$S/tmp/err" 2>&1 || s=$?; same_text "exit code of $*" 1 $s; }

            """

        @Test func onePlace() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    cp -a "$W" "$S/v"; mkdir "$S/m"
                    rwv -C "$W" mount web-app "$S/m"; down
                    rwv -C "$S/v" mount web-app "$S/m"; exec 7< "$S/m/github/chatly/server/README.md"
                    down; kept 'after down' "$S/v" "$S/m"
                    rwv -C "$W" down --force; kept 'after down --force' "$S/v" "$S/m"
                    refused -C "$W" up; says "$S/m"; kept 'after up' "$S/v" "$S/m"
                    refused -C "$W" doctor --fix; says "the weave $S/v is mounted there"; kept 'after doctor --fix' "$S/v" "$S/m"
                    down; kept 'after the second down' "$S/v" "$S/m"
                    exec 7<&-; rwv unmount "$S/m"; up; kept 'once it is free' "$W" "$S/m"
                    # Detached, in use still, and its keeper ends while another's mount is there.
                    exec 7< "$S/m/github/chatly/server/README.md"; rwv unmount --force "$S/m"
                    rwv -C "$S/v" mount web-app "$S/m"; down; exec 7<&-; kept "after its keeper's end" "$S/v" "$S/m"
                    rwv -C "$S/v" down
                    """)
            }
        }

        @Test func copiedWhileServed() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    create agent; mount_project web-app m; cp -ax "$W" "$S/c"
                    whole() { kept "$1" "$W" "$S/m"; same_text "$1" "$W" "$(at "$W/.workweaves")"; is_clean "$(view agent server)"; }
                    for words in doctor 'doctor --fix' down 'down --force' mounts; do rwv -C "$S/c" $words > "$S/tmp/out" 2>&1 || true; whole "after $words in the copy"; done
                    rwv -C "$S/c" down; whole 'at the end'
                    """)
            }
        }
    }
}
