internal import Testing

extension EndToEnd {
    /// What is registered and cannot be served concerns its own mount: everything else is, and it is said why.
    @Suite struct DamagedRegistrations {
        private static let tools = """
            D=$S/tmp/doctor
            doctor() { local s=0; rwv -C "$W" doctor --json "$@" > "$D" || s=$?; echo $s; }
            kinds() { json_values kind < "$D" | sort | tr '\\n' ' ' | sed 's/ $//'; }
            incomplete() { local s=0; up 2> "$S/tmp/err" || s=$?; same_text 'exit code of up' 1 $s; }
            listed() { rwv -C "$W" mounts > "$S/tmp/err"; says "$1"; }

            """

        @Test func damagedRecord() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    mount_project web-app m; mount_project web-app n; create agent; down
                    f=$(grep -lF "$S/m\\"" "$W"/.rwv/mounts/*.json); cp "$f" "$S/tmp/record"
                    for size in 1 $(($(wc -c < "$f") - 2)); do
                        head -c $size "$S/tmp/record" > "$f"
                        listed "failed: $f is damaged"; listed "  $S/n  web-app  fuse  down"
                        incomplete; says "could not be served: $f is damaged; remove that file"
                        same_text 'the other' web-app "$(cat "$S/n/.rwv-active")"; is_clean "$(view agent server)"
                        listed "failed: $f is damaged"; listed "  $S/n  web-app  fuse  served"
                        create other; rwv -C "$W" exec other true; delete other; rwv unmount "$S/n"; mount_project web-app n
                        down; "$RWV" -C "$W" up --foreground & p=$!; until_true 10 test -e "$S/n/.rwv-active"; kill $p; wait $p
                        same_text 'the file' "$(head -c $size "$S/tmp/record")" "$(cat "$f")"
                    done
                    same_text 'doctor' 1 "$(doctor --fix)"; same_text 'findings' damaged-record "$(kinds)"; same_text 'where' "$f" "$(json_values path < "$D")"
                    json_values fix < "$D" > "$S/tmp/err"; says "remove that file, then run 'rwv mount web-app $S/m' again"
                    rm "$f"; mount_project web-app m; same_text 'doctor' 0 "$(doctor)"; up; same_text 'again' web-app "$(cat "$S/m/.rwv-active")"
                    # Damaged while it is served: it goes on.
                    f=$(grep -lF "$S/m\\"" "$W"/.rwv/mounts/*.json); echo '{' > "$f"; listed "  $S/m  web-app  fuse  served: $f is damaged"; incomplete; says "$f is damaged"
                    # And with its server killed: what is dead goes all the same.
                    kill -9 "$(cat "$W/.rwv/run/keeper.pid")" "$(cat "$W/.rwv/run/server.pid")" || true; until_true 5 bash -c "! ls '$S/m' 2> /dev/null"
                    incomplete; says "$f is damaged"; same_text 'below' '' "$(ls -A "$S/m")"; same_text 'doctor' 1 "$(doctor)"; same_text 'findings' damaged-record "$(kinds)"
                    rm "$f"; up; same_text 'doctor' 0 "$(doctor)"; rwv unmount "$S/n"; delete agent
                    """)
            }
        }

        /// Files in the mount point are not hidden; a broken manifest is named.
        @Test func placeUnusable() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    project other server; mount_project web-app m; mount_project web-app n; mount_project other o; down
                    chmod 755 "$S/m"; echo x > "$S/m/notes.txt"; cp "$W/projects/other/rwv.yaml" "$S/tmp/good"; echo 'repositories: [' > "$W/projects/other/rwv.yaml"
                    incomplete; says "$S/m is not empty; move what is in it elsewhere, then run 'rwv up'"; says "$S/o could not be served: .*rwv.yaml"
                    same_text 'the file' x "$(cat "$S/m/notes.txt")"; same_text 'the other' web-app "$(cat "$S/n/.rwv-active")"
                    listed "$S/m  web-app  fuse  failed: $S/m is not empty"; listed "$S/o  other  fuse  failed: .*rwv.yaml"; listed "$S/n  web-app  fuse  served"
                    for round in 1 2; do same_text 'doctor' 1 "$(doctor --fix)"; same_text 'left' 1 "$(json_values kind < "$D" | grep -c files-below)"; done
                    same_text 'the file' x "$(cat "$S/m/notes.txt")"
                    kill -9 "$(cat "$W/.rwv/run/server.pid")"; same_text 'after the next server' web-app "$(cat "$S/n/.rwv-active")"
                    chmod 755 "$S/m"; mv "$S/m/notes.txt" "$S/tmp"; cp "$S/tmp/good" "$W/projects/other/rwv.yaml"; up
                    same_text 'all' 'web-app web-app other ' "$(cat "$S/m/.rwv-active" "$S/n/.rwv-active" "$S/o/.rwv-active" | tr '\\n' ' ')"; same_text 'doctor' 0 "$(doctor)"
                    # Below a dead mount it comes to light.
                    kill -9 "$(cat "$W/.rwv/run/keeper.pid")" "$(cat "$W/.rwv/run/server.pid")" || true; until_true 5 bash -c "! ls '$S/m' 2> /dev/null"; up
                    same_text 'over a dead one' web-app "$(cat "$S/m/.rwv-active")"
                    """)
            }
        }

        /// A PATH without fusermount3, as a service manager or an editor may have it.
        @Test func helperOutsideThePath() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mkdir "$S/m" "$S/bin"; ln -s "$(command -v git)" "$S/bin/git"; bare() { PATH=$S/bin "$RWV" -C "$W" "$@"; }
                    bare mount web-app "$S/m"; same_text 'mounted' web-app "$(cat "$S/m/.rwv-active")"
                    bare doctor --quiet; bare unmount "$S/m"; [ -z "$(ls -A "$S/m")" ] || fail 'it is there still'
                    bare mount web-app "$S/m"; bare down; [ -z "$(ls -A "$S/m")" ] || fail 'it is there still'
                    """)
            }
        }
    }
}
