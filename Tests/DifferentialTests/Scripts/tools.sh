# Every ecosystem's own tool reads the files that were generated for it and works on the members.
# usage: bash tools.sh ROOT [CLONES]      a weave, workweave or mount whose project web-app (remotes.sh) is active; where its clones are, if elsewhere
set -euo pipefail
cd "$1"
clones=${2:-$PWD}
fail() { echo "FAILED: $*" >&2; exit 99; }
same() { [ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"; }

# npm: the members are its workspaces, and an installation links them.
npm install --offline --no-audit --no-fund --silent
same 'npm workspaces' 'github/chatly/ui github/chatly/web' "$(npm query .workspace | python3 -c 'import json, sys; print(*sorted(m["location"] for m in json.load(sys.stdin)))')"
same 'linked member' "$PWD/github/chatly/web" "$(readlink -f node_modules/@chatly/web)"

# go: the workspace holds its members and builds them.
same 'go members' 'github.com/chatly/gateway github.com/chatly/server' "$(go list -m | sort | xargs)"
go build ./github/chatly/server/...
go vet ./github/chatly/server/...

# uv: one lock for the members, and an environment from it.
uv lock --offline --quiet
found=$(grep -c '^name = "api"' uv.lock) || fail "api is not in uv.lock: $(cat uv.lock)"
same 'uv members' 1 "$found"
uv sync --offline --quiet --all-packages

# cargo: the members, one lock, one target directory.
same 'cargo members' 'core tools' "$(cargo metadata --offline --no-deps --format-version 1 | python3 -c 'import json, sys; print(*sorted(p["name"] for p in json.load(sys.stdin)["packages"]))')"
cargo generate-lockfile --offline --quiet
(cd github/socketio/tools && cargo build --offline --quiet)
[ -d target/debug ] || fail 'cargo built somewhere else'

# What has no tool here is well-formed.
for file in package.json web-app.code-workspace; do python3 -m json.tool "$file" > /dev/null; done
python3 - "$clones" << 'END'
import csv, os, sys
rows = list(csv.DictReader(open("gita/repos.csv")))
names = [row["name"] for row in rows]
assert len(set(names)) == len(names) == 7, names
for row in rows: assert os.path.isdir(row["path"]) and row["path"].startswith(sys.argv[1] + "/"), row
for row in csv.DictReader(open("gita/groups.csv")): assert set(row["repos"].split()) <= set(names), row
END
