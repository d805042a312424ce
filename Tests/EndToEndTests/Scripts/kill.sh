#!/usr/bin/env bash
# usage: kill.sh server|keeper|create|delete TIMES SEED
# Strikes at random moments, then `rwv up`, then looks: every finished change is there, nothing is half made.
. "$TOOLS/lib.sh"
victim=$1 times=$2
RANDOM=$3

create steady > /dev/null
place=$(view steady app1)
journal=$S/tmp/journal
: > "$journal"

# Changes files and commits; each change that has returned is written to the journal, outside of the view.
work() {
    cd "$place" || return
    local i=$1 last=$2
    while [ "$i" -le "$last" ]; do
        mkdir -p "d$((i % 7))" && echo "content $i" > "d$((i % 7))/f$i" && echo "file d$((i % 7))/f$i content $i" >> "$journal" || break
        mv "d$((i % 7))/f$i" "d$((i % 7))/g$i" && echo "file d$((i % 7))/g$i content $i" >> "$journal" && echo "gone d$((i % 7))/f$i" >> "$journal" || break
        if [ $((i % 5)) -eq 0 ]; then
            git -c core.fsync=none add -A > /dev/null 2>&1 && git commit -qm "work $i" > /dev/null 2>&1 \
                && echo "commit $(git rev-parse HEAD)" >> "$journal" || break
        fi
        i=$((i + 1))
    done
}

# The last word on each path holds.
check_journal() {
    local kind path rest
    tac "$journal" | awk '$1 == "commit" || !seen[$2]++' | while read -r kind path rest; do
        case $kind in
        # A move that was under way when everything was killed may have happened without being acknowledged.
        file) [ "$(cat "$place/$path" 2>&1)" = "$rest" ] || [ "$(cat "$place/${path/\/f/\/g}" 2>&1)" = "$rest" ] || fail "finished change lost: $path should hold '$rest': $(cat "$place/$path" 2>&1)" ;;
        gone) [ ! -e "$place/$path" ] || fail "finished change lost: $path was moved away" ;;
        commit) git -C "$(clone app1)" cat-file -e "$path^{commit}" || fail "finished commit lost: $path" ;;
        esac
    done
}
lines() { wc -l < "$journal"; }
lines_reach() { [ "$(lines)" -ge "$1" ] || ! kill -0 "$2" 2> /dev/null; }
recover_git() { # what a killed git itself leaves, in a worktree on disk as well; only where git was killed
    case $victim in server|keeper) ;; *) return ;; esac
    find "$(clone app1)/.git" -name '*.lock' -delete
}

done_so_far=1
for round in $(seq "$times"); do
    case $victim in
    server|keeper)
        pid=$(cat "$W/.rwv/run/$victim.pid")
        work "$done_so_far" $((done_so_far + 40)) & worker=$!
        until_true 30 lines_reach $(($(lines) + RANDOM % 60)) $worker
        kill -9 "$pid"
        if [ "$victim" = keeper ]; then kill "$worker" 2> /dev/null || true; fi
        wait "$worker" 2> /dev/null || true
        done_so_far=$((done_so_far + 41))
        ;;
    create)
        status=0
        timeout -s KILL "0.$(printf %04d $((RANDOM % 600)))" "$RWV" -C "$W" workweave web-app create ${ENGINE:+--engine "$ENGINE"} "victim-$round" > "$S/tmp/out" 2>&1 || status=$?
        ;;
    delete)
        create "victim-$round" > /dev/null
        echo x > "$(view "victim-$round" app2)/x"
        timeout -s KILL "0.$(printf %04d $((RANDOM % 600)))" "$RWV" -C "$W" workweave web-app delete --force "victim-$round" > "$S/tmp/out" 2>&1 || true
        ;;
    esac
    up || fail "rwv up after kill $round of $victim"
    recover_git
    check_journal
    # Changed files of `steady` are no sign of a half-made one: commit them.
    git -C "$place" add -A; git -C "$place" diff --cached --quiet || git -C "$place" commit -qm "round $round"
    if [ "$victim" = delete ] && workweaves | found -x "victim-$round"; then
        # Not deleted: then all of it, with the change. Or the server, which had been told, is at it just now.
        gone() { ! workweaves | found -x "victim-$round"; }
        if [ "$(cat "$(view "victim-$round" app2)/x" 2> /dev/null)" = x ]; then rm -f "$(view "victim-$round" app2)/x"; else until_true 15 gone; fi
    fi
    # In a shell of its own: in a condition the first failure would not end it.
    settled() { bash -c '. "$TOOLS/lib.sh"; all_whole' 2> "$S/tmp/half"; }
    # A create that lost its caller may still be finishing, or be taken back, in the server.
    deadline=$((SECONDS + 15))
    until settled; do [ $SECONDS -lt $deadline ] || { cat "$S/tmp/half" >&2; fail "half-made after kill $round of $victim"; }; done
    if [ "$victim" = create ] && ! workweaves | found -x "victim-$round"; then
        create "victim-$round" > /dev/null || fail "the name victim-$round cannot be used again"
    fi
    # Whole, and taken back all the same at this very moment.
    [ "$victim" = create ] && { delete --force "victim-$round" > /dev/null || ! workweaves | found -x "victim-$round"; }
    fsck_all
done
