# Makes bare repositories below remotes/, which git finds in place of github.com, and a project of eight that covers every ecosystem.
# usage: bash remotes.sh      in an empty directory with a home/
set -euo pipefail
export HOME=$PWD/home GIT_CONFIG_NOSYSTEM=1
cat > home/.gitconfig << END
[user]
    name = Ann
    email = ann@example.org
[init]
    defaultBranch = main
[protocol "file"]
    allow = always
[advice]
    detachedHead = false
[url "file://$PWD/remotes/"]
    insteadOf = https://github.com/
    insteadOf = git@github.com:
END

repository() { # OWNER/NAME, then a script that fills it
    git init -q -b main "seed/$1"
    (cd "seed/$1"; echo "# $1" > README.md; eval "$2"; git add -A; git commit -qm "first of $1"; git tag -a -m v1 v1.0.0; echo more >> README.md; git commit -qam "second of $1")
    mkdir -p "remotes/${1%/*}"
    git clone -q --bare "seed/$1" "remotes/$1.git"
}

repository chatly/server 'printf "module github.com/chatly/server\n\ngo 1.21\n" > go.mod; printf "package server\n" > server.go'
repository chatly/gateway 'printf "module github.com/chatly/gateway\n\ngo 1.21\n" > go.mod'
repository chatly/web 'printf "{\n  \"name\": \"@chatly/web\",\n  \"version\": \"1.0.0\"\n}\n" > package.json'
repository chatly/ui 'printf "{\"name\": \"@chatly/ui\", \"version\": \"1.0.0\"}\n" > package.json'
repository chatly/api 'printf "[project]\nname = \"api\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\n" > pyproject.toml'
repository socketio/core 'printf "[package]\nname = \"core\"\nversion = \"0.1.0\"\nedition = \"2021\"\n" > Cargo.toml; mkdir src; touch src/lib.rs'
repository socketio/tools 'printf "[package]\nname = \"tools\"\nversion = \"0.1.0\"\nedition = \"2021\"\n" > Cargo.toml; mkdir src; touch src/lib.rs'
repository other/spec 'printf "{\"name\": \"spec\", \"version\": \"1.0.0\"}\n" > package.json'
repository other/lonely ':'

entry() { # OWNER/NAME ROLE
    printf '  github/%s:\n    type: git\n    url: https://github.com/%s.git\n    version: main\n    role: %s\n' "$1" "$1" "$2"
}
repository chatly/web-app '{ echo repositories:
    entry chatly/api primary; entry chatly/gateway fork; entry chatly/server primary; entry chatly/ui dependency; entry chatly/web primary
    entry other/spec reference; entry socketio/core dependency; entry socketio/tools fork; } > rwv.yaml'
repository chatly/mobile-app '{ echo repositories:; entry chatly/server primary; entry chatly/ui dependency; } > rwv.yaml'
rm -rf seed
