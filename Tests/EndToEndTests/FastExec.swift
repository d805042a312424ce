import Testing

extension EndToEnd {
    /// `rwv exec --fast`: a command has a workweave for itself, at the disk's own speed.
    @Suite struct FastExec {
        /// For each script, which works on workweaves of the engine that hands them out.
        static let words = """
            ENGINE=fuse SHOWN=fuse
            fast() { rwv -C "$W" exec --fast "$@"; }
            status() { local s=0; "$@" > "$S/tmp/out" 2> "$S/tmp/err" || s=$?; echo $s; }
            tree() { /usr/bin/python3 "$TOOLS/tree.py" "$@"; }
            is_free() { [ "$(rwv -C "$W" mounts | sed -n "s|.*/.workweaves/$1  .*fuse  ||p")" = served ]; }
            # Runs in the background until told to end; returns when it is in.
            hold() { # WORKWEAVE COMMAND…
                local name=$1; shift
                [ -p "$S/in" ] || mkfifo "$S/in" "$S/go"
                "$RWV" -C "$W" exec --fast "$name" bash -c 'echo $$ > "$0/in"; read -r < "$0/go"; "$@"' "$S" "${@:-true}" & holder=$!
                read -r inside < "$S/in"
            }
            let_go() { echo > "$S/go"; wait $holder; }

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
                    # One change rebuilds what hangs on it, and only that.
                    echo '/* newer */' >> "$V/src/part7.c"
                    same_text 'rebuilt' 'part7.o' "$(fast agent make -C github/chatly/build --no-print-directory | sed -n 's/.* -c .* -o //p')"
                    git -C "$(clone build)" worktree remove --force "$S/native/build"
                    is_free agent || fail 'it is still in use'
                    """, limit: 120)
            }
        }

        /// The same work natively and here; what was written shows afterwards, with git's clean status and commit.
        @Test func changes() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.words + """
                    create agent > /dev/null; V=$(view agent server)
                    native server HEAD "$S/native/server"; native web HEAD "$S/native/web"
                    git -C "$(clone server)" rev-parse HEAD > "$S/tip"
                    cat > "$S/work" <<'SH'
                    set -e
                    cd "$1"
                    echo more >> README.md; rm docs/guide.md; mv src/net src/moved; mv src/moved/part1.txt src/first.txt
                    mkdir -p new/dir; echo x > new/dir/x; ln new/dir/x new/y; ln -s ../README.md new/link; chmod 600 src/ui/view1.txt
                    rm -r tests; mkdir tests; echo only > tests/only; truncate -s 3 src/ui/view2.txt
                    git add -A; git commit -qm 'inside'; echo uncommitted > new/z; rm -r src/ui; mv new/dir new/other
                    cd "$2"
                    mv deep deeper; mv deeper/er/est deeper/est; rm run; mkdir run; echo x > run/x; chmod 555 data; ln -sf elsewhere absolute
                    SH
                    bash "$S/work" "$S/native/server" "$S/native/web"
                    git -C "$S/native/server" reset -q --soft HEAD~1 # its commit is on no branch
                    fast agent bash "$S/work" "$V" "$(view agent web)"
                    same_tree "$S/native/server" "$V"; same_tree "$S/native/web" "$(view agent web)"
                    same_text 'one commit' 1 "$(git -C "$V" rev-list --count "$(cat "$S/tip")..agent/main")"
                    same_text 'status' "$(git -C "$S/native/web" status --porcelain)" "$(git -C "$(view agent web)" status --porcelain)"
                    git -C "$V" diff --quiet HEAD -- README.md || fail 'the commit does not hold the change'
                    # Once more from there, both ways, and after down and up.
                    mv "$V/src/moved" "$V/again"; mv "$S/native/server/src/moved" "$S/native/server/again"
                    fast agent sh -c 'cd github/chatly/server; rm again/part3.txt; mv again last'; rm "$S/native/server/again/part3.txt"; mv "$S/native/server/again" "$S/native/server/last"
                    same_tree "$S/native/server" "$V"
                    down; up
                    same_tree "$S/native/server" "$V"; same_tree "$S/native/web" "$(view agent web)"
                    chmod 755 "$(view agent web)/data"
                    fsck_all
                    """)
            }
        }

        /// What one view shows the other shows, after any history of changes in either: moved directories, whiteouts, opaque directories.
        @Test(arguments: 0 ..< 3) func randomOperations(round: UInt32) throws {
            let seed = Machine.seed + round * 100
            print("RWV_SEED=\(Machine.seed) round \(round): seed \(seed)")
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.words + """
                    create agent > /dev/null; A=$W/.workweaves/agent
                    for i in 1 2 3; do
                        for repo in server web; do /usr/bin/python3 "$TOOLS/random-ops.py" "$(view agent $repo)" $((\(seed) + i)) 120 > /dev/null; done
                        tree "$A" > "$S/before"
                        fast agent bash -c '
                            /usr/bin/python3 "$1/tree.py" . > "$2/inside"
                            for repo in server web; do /usr/bin/python3 "$1/random-ops.py" github/chatly/$repo $3 120 > /dev/null; done
                            /usr/bin/python3 "$1/tree.py" . > "$2/changed"' - "$TOOLS" "$S" $((\(seed) + 10 + i))
                        diff <(sed "s|^'/|'|" "$S/before") <(sed "s|^'/|'|" "$S/inside") || fail "seed \(seed) round $i: the kernel shows something else"
                        diff <(sed "s|^'/|'|" "$S/changed") <(tree "$A" | sed "s|^'/|'|") || fail "seed \(seed) round $i: we show something else afterwards"
                    done
                    down; up
                    diff <(sed "s|^'/|'|" "$S/changed") <(tree "$A" | sed "s|^'/|'|") || fail "seed \(seed): another tree after down and up"
                    """, limit: 180)
            }
        }
    }
}
