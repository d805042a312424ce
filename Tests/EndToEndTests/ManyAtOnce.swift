internal import Testing

extension EndToEnd {
    /// Creating is all or nothing, also for many at once.
    @Suite struct ManyAtOnce {
        @Test func thirtyTwoInTenRepositories() throws {
            try Sandbox.with(Repo.apps(10)) { box in
                try box.bash("""
                    before=$(state)
                    all() { # COMMAND
                        local pids=() i bad=0
                        for i in $(seq 32); do "$@" "agent-$i" > "$S/tmp/$i.out" 2> "$S/tmp/$i.err" & pids+=($!); done
                        for i in $(seq 32); do wait "${pids[$((i - 1))]}" || { bad=1; cat "$S/tmp/$i.err" >&2; }; done
                        [ $bad -eq 0 ] || fail "not all of 32 at once: $*"
                    }
                    all create
                    same_text 'listed' "$(for i in $(seq 32); do echo "agent-$i"; done | sort)" "$(workweaves | sort)"
                    for i in $(seq 32); do same_text 'printed' "$W/.workweaves/agent-$i" "$(cat "$S/tmp/$i.out")"; done
                    all_whole
                    for i in 1 9 32; do equals_native "agent-$i" app7; done
                    all delete
                    same_text 'listed in the end' '' "$(workweaves)"
                    same_text 'left over' "$before" "$(state)"
                    fsck_all
                    """, limit: 400)
            }
        }

        @Test func theSameNameTwiceAtOnce() throws {
            try Sandbox.with(Repo.apps(3)) { box in
                try box.bash("""
                    pids=(); won=0
                    for i in 1 2 3 4 5 6 7 8; do create agent > "$S/tmp/$i.out" 2> "$S/tmp/$i.err" & pids+=($!); done
                    for pid in "${pids[@]}"; do wait "$pid" && won=$((won + 1)) || [ $? -eq 1 ]; done
                    same_text 'how many got the name' 1 "$won"
                    all_whole
                    """)
            }
        }

        @Test func chosenNamesDiffer() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    pids=()
                    for i in 1 2 3 4 5 6 7 8; do create > "$S/tmp/$i.out" & pids+=($!); done
                    for pid in "${pids[@]}"; do wait "$pid"; done
                    same_text 'different paths' 8 "$(cat "$S"/tmp/*.out | sort -u | wc -l)"
                    same_text 'listed' 8 "$(workweaves | wc -l)"
                    all_whole
                    """)
            }
        }

        /// Creates and deletes of different workweaves while others work in theirs.
        @Test func besideWork() throws {
            try Sandbox.with(Repo.apps(3)) { box in
                try box.bash("""
                    create steady
                    worker() {
                        cd "$(view steady app1)"
                        for i in $(seq 30); do echo $i > "file-$i"; git add -A; git commit -qm "$i" || return 1; done
                    }
                    churn() { for i in 1 2 3 4 5 6; do create "$1-$i" > /dev/null && delete "$1-$i" || return 1; done; }
                    worker & pids=($!)
                    for n in a b c d; do churn $n & pids+=($!); done
                    for pid in "${pids[@]}"; do wait "$pid" || fail 'one of them failed'; done
                    same_text 'left' steady "$(workweaves)"
                    is_clean "$(view steady app1)"
                    same_text 'commits' 30 "$(git -C "$(clone app1)" rev-list --count main..steady/main)"
                    fsck_all
                    """, limit: 240)
            }
        }
    }
}
