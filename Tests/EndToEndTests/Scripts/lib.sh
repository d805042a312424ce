# What every scenario's shell commands may use. Sourced by bash with:
#   ENGINE  the engine of workweaves, empty for the best      SHOWN  the one that they get
#   RWV  the program      S  the sandbox      W  the weave in it (project web-app)      TOOLS  this folder
set -euo pipefail
shopt -s nullglob

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 99; }
rwv() { "$RWV" "$@"; }
# grep at the end of a pipe: reads all, so that the writer gets no SIGPIPE.
found() { grep "$@" > /dev/null; }
same_text() { # WHAT EXPECTED FOUND
    [ "$2" = "$3" ] && return
    printf 'FAILED: %s\n--- expected\n+++ found\n' "$1" >&2
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -40 >&2 || true
    exit 99
}

# Polls a command until it succeeds, at most SECONDS.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain for: $*"
        read -rt 0.02 <> <(:) || true
    done
}

# --- places
clone() { printf '%s' "$W/github/chatly/$1"; }
view() { printf '%s' "$W/.workweaves/$1/github/chatly/$2"; }        # WORKWEAVE REPO
clones() { local c; for c in "$W"/github/*/* "$W"/projects/*; do [ -d "$c/.git" ] && printf '%s\n' "$c"; done; true; }

# Where git takes a workweave's root to be.
for_git() { if [ "$SHOWN" = checkout ]; then printf '%s' "$W/.rwv/workweaves/$1/checkout"; else printf '%s' "$W/.workweaves/$1"; fi; }
# Where changed files lie as plain files, with nothing mounted.
on_disk() { printf '%s' "$W/.rwv/workweaves/$1/$([ "$SHOWN" = checkout ] && echo checkout || echo upper)"; }

# --- commands
# A checkout needs no server to be made, but most scenarios speak of one.
create() { [ "$SHOWN" != checkout ] || up > /dev/null; rwv -C "$W" workweave web-app create ${ENGINE:+--engine "$ENGINE"} "$@"; }
delete() { rwv -C "$W" workweave web-app delete "$@"; }
workweaves() { rwv -C "$W" workweave web-app list; }
down() { rwv -C "$W" down; }
up() { rwv -C "$W" up; }

# `project NAME REPO[:ROLE]…` makes one more project of clones that are there.
project() {
    local name=$1 repo; shift
    git init -q "$W/projects/$name"
    {
        echo 'repositories:'
        for repo in "$@"; do
            printf '  github/chatly/%s:\n    type: git\n    url: file://%s\n    version: main\n    role: %s\n' "${repo%%:*}" "$S/origins/${repo%%:*}.git" \
                "$(case $repo in *:*) echo "${repo#*:}" ;; *) echo primary ;; esac)"
        done
    } > "$W/projects/$name/rwv.yaml"
    printf '{"name": "%s"}\n' "$name" > "$W/projects/$name/package.json"
    git -C "$W/projects/$name" add -A
    git -C "$W/projects/$name" commit -qm 'the project'
}
# `mount_project PROJECT PLACE OPTION…` mounts at $S/PLACE, which it makes.
mount_project() {
    local project=$1 place=$2; shift 2
    mkdir -p "$S/$place"
    same_text "what 'rwv mount' prints" '' "$(rwv -C "$W" mount "$project" "$S/$place" "$@" 2>&1)"
}

# `refuses ARGUMENTS…` runs rwv, which must end with 1, say error and hint, print no data, and change nothing.
refuses() {
    local before after status=0
    before=$(state)
    rwv "$@" >"$S/tmp/out" 2>"$S/tmp/err" || status=$?
    [ $status -eq 1 ] || fail "rwv $*: exit code $status, not 1: $(cat "$S/tmp/out" "$S/tmp/err")"
    grep -q '^error: ' "$S/tmp/err" || fail "rwv $*: no 'error: ' line: $(cat "$S/tmp/err")"
    grep -q '^hint: ' "$S/tmp/err" || fail "rwv $*: no 'hint: ' line: $(cat "$S/tmp/err")"
    [ ! -s "$S/tmp/out" ] || fail "rwv $*: data on standard output: $(cat "$S/tmp/out")"
    after=$(state)
    same_text "rwv $* was refused but changed something" "$before" "$after"
}
says() { grep -qi -- "$1" "$S/tmp/err" || fail "the message does not say '$1': $(cat "$S/tmp/err")"; }

# --- what the weave holds: worktrees, refs, our state. Equal before and after means that nothing was left.
state() {
    local c
    clones | while read -r c; do
        printf 'clone %s\n' "$c"
        git -C "$c" worktree list --porcelain 2>&1 || true
        git -C "$c" for-each-ref --format='%(refname) %(objectname)' 2>&1 || true
        (cd "$c/.git" && find worktrees -maxdepth 1 2>/dev/null | sort; find . -name '*.lock' -not -path './worktrees/*/locked' | sort)
        git -C "$c" config --local --list 2>&1 | sort || true
        git -C "$c" status --porcelain 2>&1 || true
    done
    printf 'workweaves in the view: '; (cd "$W/.workweaves" 2>/dev/null && ls -A) | tr '\n' ' '; echo
    printf 'workweaves in the state: '; (cd "$W/.rwv/workweaves" 2>/dev/null && ls -A) | tr '\n' ' '; echo
}

# --- comparing trees
# Type, mode, name and link target of everything but .git.
listing() { (cd "$1" && find . -mindepth 1 -name .git -prune -o -mindepth 1 -printf '%y %m %p -> %l\n' | LC_ALL=C sort); }
same_tree() { # EXPECTED FOUND
    diff -r --no-dereference --exclude=.git "$1" "$2" >"$S/tmp/diff" 2>&1 || fail "content of $2 differs from $1: $(head -c 2000 "$S/tmp/diff")"
    diff <(listing "$1") <(listing "$2") >"$S/tmp/diff" || fail "types, modes or links of $2 differ from $1: $(head -c 2000 "$S/tmp/diff")"
    same_text "mode of the top of $2" "$(stat -c %a "$1")" "$(stat -c %a "$2")"
}
is_clean() { # DIRECTORY
    local found ignored=--ignored
    # The generated files of a project are ignored in a workweave.
    case $1 in */projects/*) ignored=--ignored=no ;; esac
    found=$(git -C "$1" status --porcelain "$ignored" 2>&1) || fail "git status in $1: $found"
    same_text "git status of $1" "" "$found"
}
# A `git worktree add` of REPO's commit REV, at DEST: the oracle.
native() { git -C "$(clone "$1")" worktree add -q --detach "$3" "$2" 2>"$S/tmp/err" || fail "git worktree add: $(cat "$S/tmp/err")"; }
# The view of REPO in WORKWEAVE equals `git worktree add` of REV, and its status is empty.
equals_native() { # WORKWEAVE REPO [REV]
    local place="$S/native/$1-$2"
    native "$2" "${3:-HEAD}" "$place"
    same_tree "$place" "$(view "$1" "$2")"
    is_clean "$(view "$1" "$2")"
    git -C "$(clone "$2")" worktree remove --force "$place"
}

# The sum of one counter over all mounts of the weave: how many messages of a kind the server has had.
counter() {
    rwv -C "$W" mounts --json | /usr/bin/python3 -c '
import json, sys
def each(value):
    if isinstance(value, dict):
        if isinstance(value.get("counters"), dict): yield value["counters"]
        for inner in value.values(): yield from each(inner)
    elif isinstance(value, list):
        for inner in value: yield from each(inner)
found = list(each(json.load(sys.stdin)))
if not found: sys.exit("rwv mounts --json shows no counters")
print(sum(c.get(sys.argv[1], 0) for c in found))' "$1"
}

# Values of one key anywhere in JSON on standard input, one a line.
json_values() {
    /usr/bin/python3 -c '
import json, sys
def walk(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == sys.argv[1]: print(inner if isinstance(inner, str) else json.dumps(inner))
            walk(inner)
    elif isinstance(value, list):
        for inner in value: walk(inner)
walk(json.load(sys.stdin))' "$1"
}

# git fsck in every clone.
fsck_all() {
    local c
    clones | while read -r c; do
        git -C "$c" fsck --no-dangling --no-progress >"$S/tmp/fsck" 2>&1 || fail "git fsck in $c: $(cat "$S/tmp/fsck")"
        ! grep -qE 'missing|broken|error|corrupt|invalid' "$S/tmp/fsck" || fail "git fsck in $c: $(cat "$S/tmp/fsck")"
    done
}

# Every workweave that is listed is whole: a clean worktree in each repo. What is not listed has left nothing.
all_whole() {
    local name c base listed
    listed=$(workweaves)
    for name in $listed; do
        clones | while read -r c; do
            [ "$c" = "$W/projects/web-app" ] && base="projects/web-app" || base=${c#"$W/"}
            is_clean "$W/.workweaves/$name/$base"
            git -C "$c" worktree list --porcelain | found -xF "worktree $(for_git "$name")/$base" || fail "$name: $c does not list it"
        done
    done
    same_text "what stands in .rwv/workweaves" "$listed" "$(ls -A "$W/.rwv/workweaves")"
    same_text "what stands in .workweaves" "$listed" "$(ls -A "$W/.workweaves")"
    clones | while read -r c; do
        for name in $(git -C "$c" worktree list --porcelain | sed -nE "s,^worktree $W/(.workweaves|.rwv/workweaves)/([^/]*)/.*,\2,p"); do
            grep -qxF "$name" <<<"$listed" || fail "a worktree of $name, which is not listed, is left in $c"
        done
        for name in $(git -C "$c" for-each-ref --format='%(refname)' refs/rwv | cut -d/ -f3); do
            grep -qxF "$name" <<<"$listed" || fail "a ref of $name, which is not listed, is left in $c"
        done
    done
}
