#!/usr/bin/env bash
# usage: kill-fast.sh server|keeper|command TIMES SEED
# Strikes at random moments of an `rwv exec --fast`, then `rwv up`, then looks: the workweave is served as it was, with what the command has done.
. "$TOOLS/lib.sh"
victim=$1 times=$2
RANDOM=$3

served() { [ "$(rwv -C "$W" mounts | sed -n "s|.*/.workweaves/$1  .*fuse  ||p")" = served ]; }
is_gone() { ! kill -0 "$1" 2> /dev/null; }
tree() { /usr/bin/python3 "$TOOLS/tree.py" "$1"; }

for round in $(seq "$times"); do
    name=w$round
    create "$name" --engine fuse > /dev/null
    place=$(view "$name" server)
    # Moved directories are copied on the way.
    (cd "$place" && mv src moved && rm moved/net/part3.txt && rm -r docs && mkdir docs && mv tests docs/tests)
    tree "$place" > "$S/before"
    : > "$S/said"
    "$RWV" -C "$W" exec --fast "$name" bash -c 'cd github/chatly/server && echo new > new && rm moved/net/part2.txt && echo done' > "$S/said" 2> "$S/tmp/err" & pid=$!
    # As many steps as it takes the command to end, or fewer.
    for ((i = RANDOM % 12000; i > 0; i--)); do :; done
    case $victim in
    command) kill -9 $pid 2> /dev/null || true ;;
    *)
        struck=$(cat "$W/.rwv/run/$victim.pid")
        kill -9 "$struck"
        until_true 10 is_gone "$struck"
        ;;
    esac
    wait $pid 2> /dev/null || true
    up
    until_true 30 served "$name"
    [ ! -e "$W/.rwv/workweaves/$name/exclusive.json" ] || fail "round $round: it is said to be in use"
    [ ! -e "$W/.rwv/workweaves/$name/kernel-work" ] || fail "round $round: overlayfs has left something"
    # The command's work is there as far as it went; without the base view some of it fails.
    if grep -q done "$S/said"; then [ -e "$place/new" ] && [ ! -e "$place/moved/net/part2.txt" ] || fail "round $round: finished work is lost"; fi
    diff <(grep -v -e part2 -e "'/new'" "$S/before") <(tree "$place" | grep -v -e part2 -e "'/new'") || fail "round $round: another tree"
    [ -e "$place/new" ] || [ -e "$place/moved/net/part2.txt" ] || fail "round $round: a file is lost"
    delete --force "$name"
done
all_whole
