internal import Testing

extension EndToEnd {
    /// The upper directory is in the kernel's overlayfs format: mounted by the kernel over a checkout it shows what we show.
    @Suite struct OverlayOracle {
        @Test(arguments: 0 ..< 6) func randomOperations(round: UInt32) throws {
            let seed = Machine.seed + round
            print("RWV_SEED=\(Machine.seed) round \(round): seed \(seed)")
            try Sandbox.with([.app, .links]) { box in
                try composeBase(box)
                try box.bash("""
                    A=$W/.workweaves/agent
                    /usr/bin/python3 "$TOOLS/random-ops.py" "$(view agent server)" \(seed) 250 > "$S/ops"
                    /usr/bin/python3 "$TOOLS/random-ops.py" "$(view agent web)" \(seed + 1000) 100 >> "$S/ops"
                    mkdir -p "$A/node_modules/deep"; echo x > "$A/node_modules/deep/x"
                    # And in the kernel's overlayfs on the same base: the same after each of them.
                    if [ "$SHOWN" = fuse ] && \(Machine.actsAsRoot); then
                        create kernels --engine kernel > /dev/null
                        /usr/bin/python3 "$TOOLS/random-ops.py" "$(view kernels server)" \(seed) 250 > "$S/kernel-ops"
                        /usr/bin/python3 "$TOOLS/random-ops.py" "$(view kernels web)" \(seed + 1000) 100 >> "$S/kernel-ops"
                        diff "$S/ops" "$S/kernel-ops" || fail 'seed \(seed): operations ended otherwise than in overlayfs'
                        diff <(/usr/bin/python3 "$TOOLS/tree.py" "$W/.workweaves/kernels/github" | grep -v "/[.]git' ") <(/usr/bin/python3 "$TOOLS/tree.py" "$A/github" | grep -v "/[.]git' ") || fail 'seed \(seed): not the files that overlayfs has'
                        delete --force kernels
                    fi
                    # The same operations on a disk give the same files.
                    cp -a "$S/composed/github" "$S/twin"
                    /usr/bin/python3 "$TOOLS/random-ops.py" "$S/twin/chatly/server" \(seed) 250 > "$S/twin-ops"
                    /usr/bin/python3 "$TOOLS/random-ops.py" "$S/twin/chatly/web" \(seed + 1000) 100 >> "$S/twin-ops"
                    diff "$S/ops" "$S/twin-ops" || fail 'seed \(seed): operations ended otherwise than on a disk'
                    diff <(/usr/bin/python3 "$TOOLS/tree.py" "$S/twin") <(/usr/bin/python3 "$TOOLS/tree.py" "$A/github") || fail 'seed \(seed): not the files that a disk has'
                    """)
                try compare(box, seed)
            }
        }

        /// The cases that whiteouts, opaque marks and redirects are for, by hand.
        @Test func everyMark() throws {
            try Sandbox.with([.app, .links]) { box in
                try composeBase(box)
                try box.bash("""
                    cd "$(view agent server)"
                    rm README.md                                        # whiteout
                    rm -r docs                                          # whiteout of a directory
                    rm -r tests; mkdir tests; echo new > tests/only     # opaque
                    mv src/net src/moved                                # redirect
                    mv src/moved/part1.txt src/moved/out.txt            # whiteout in a redirected directory
                    mkdir src/net; echo x > src/net/part1.txt           # a new one where it was
                    mv src/ui other; mkdir other/sub; mv other src/ui2  # moved twice
                    cd "$(view agent web)"
                    mv deep/er/est deep/est; rmdir deep/er 2>/dev/null || true
                    mv text bin/text; rm bin/text/unix.lf; ln -s x bin/text/unix.lf
                    mv run walk; ln -sf elsewhere absolute; chmod 600 data/empty; touch data/large.bin
                    rm data/raw.bin; mkdir data/raw.bin; rm dangling; echo x > dangling
                    ln data/empty data/hard; mkfifo fifo
                    rm fifo
                    """)
                try compare(box, 0)
            }
        }

        /// A checkout composed as the base is: each repo by `git worktree add`, what is ours copied from the fresh view.
        private func composeBase(_ box: Sandbox) throws {
            try box.bash("""
                create agent; A=$W/.workweaves/agent
                mkdir "$S/composed"
                (cd "$A" && find . -mindepth 1 -maxdepth 1 ! -name github ! -name projects -exec cp -a {} "$S/composed/" \\;)
                mkdir -p "$S/composed/github/chatly" "$S/composed/projects"
                for repo in github/chatly/server github/chatly/web projects/web-app; do
                    git -C "$W/$repo" worktree add -q --detach "$S/composed/$repo" HEAD
                    cp "$A/$repo/.git" "$S/composed/$repo/.git"
                    git -C "$W/$repo" worktree prune
                done
                # Generated files lie in the upper directory from the beginning.
                (cd "$A/projects/web-app" && git ls-files -oz | xargs -0 cp --parents -a -t "$S/composed/projects/web-app")
                for place in . github github/chatly projects; do chmod --reference="$A/$place" "$S/composed/$place"; done
                diff <(/usr/bin/python3 "$TOOLS/tree.py" "$S/composed") <(/usr/bin/python3 "$TOOLS/tree.py" "$A") || fail 'the composed base is not the fresh view'
                """)
        }

        private func compare(_ box: Sandbox, _ seed: UInt32) throws {
            try box.bash("""
                /usr/bin/python3 "$TOOLS/tree.py" "$W/.workweaves/agent" > "$S/shown"
                down
                [ -z "$(ls -A "$W/.rwv/workweaves/agent/work" 2>/dev/null | grep -v '^orphans$' || true)" ] || fail "left in work: $(ls -A "$W/.rwv/workweaves/agent/work")"
                """)
            try box.asRoot("""
                bash "$TOOLS/oracle.sh" "$S/composed" "$W/.rwv/workweaves/agent/upper" > "$S/merged"
                diff "$S/merged" "$S/shown" > "$S/tmp/difference" || { head -c 3000 "$S/tmp/difference" >&2; tail -n 400 "$S/ops" >&2 || true; fail 'seed \(seed): the kernel (<) shows something else than the view (>)'; }
                rm -f "$S/tmp/difference" "$S/merged"
                """)
            try box.bash("""
                up
                diff "$S/shown" <(/usr/bin/python3 "$TOOLS/tree.py" "$W/.workweaves/agent") || fail 'seed \(seed): another tree after down and up'
                """)
        }
    }
}
