# weavefs. `make build`, `make test`, `make demo`; see README.md.

PREFIX  ?= /usr/local
# Without a slash at its end, however it was given.
override PREFIX := $(patsubst %/,%,$(PREFIX))
DESTDIR ?=
# mount(8) looks for its helpers in /sbin alone.
SBINDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/sbin,$(PREFIX)/sbin)
SWIFT   ?= swift
# Each compiler job may take 2 GiB: as many as processors, at most four.
JOBS    ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 4 ] && n=4; echo $$n)
PROGRAM := .build/release/rwv
# What makes the program start quickly (docs/decisions/0017): nothing to relocate, no search for libraries beside it, and the
# libraries that every start needs linked in where there are archives of them.
LINK    := --disable-local-rpath -Xswiftc -use-ld=lld -Xswiftc -L.build/static -Xlinker --no-export-dynamic -Xlinker --as-needed \
           $(foreach word,-no-pie -static-libgcc,-Xswiftc -Xclang-linker -Xswiftc $(word))
# Paths of more git repositories for the demo: make demo REPOS="/path/a /path/b"
REPOS   ?=
# Passed on to the benchmark or to `swift test`: make bench ARGS=--quick
ARGS    ?=

.PHONY: all build deps demo test bench fmt lint install docs clean

all: build

build: deps
	@mkdir -p .build/static
	@for name in libstdc++.a libyaml.a libfuse3.a; do \
	    archive=$$(gcc -print-file-name=$$name); [ ! -e "$$archive" ] || ln -sf "$$archive" .build/static/; \
	done
	$(SWIFT) build -c release --static-swift-stdlib --product rwv -j $(JOBS) $(LINK)

deps:
	@.ci/packages

demo: build
	@.ci/packages tools
	RWV="$(CURDIR)/$(PROGRAM)" REPOS="$(REPOS)" .ci/demo

# Unit, layer and mounted tests, then the end-to-end scenarios: as this user and, for root, once more as an ordinary one.
test: build
	@.ci/packages tools
	RWV="$(CURDIR)/$(PROGRAM)" JOBS=$(JOBS) .ci/test $(ARGS)

bench: build
	@.ci/packages tools
	RWV="$(CURDIR)/$(PROGRAM)" .ci/bench $(ARGS)

fmt:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

lint:
	@.ci/lint

install: build
	install -D -m 0755 $(PROGRAM) "$(DESTDIR)$(PREFIX)/bin/rwv"
	mount-helpers/install "$(PREFIX)/bin/rwv" "$(SBINDIR)" "$(PREFIX)/lib/systemd/user" "$(DESTDIR)"
	$(PROGRAM) completions bash | install -D -m 0644 /dev/stdin "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/rwv"
	$(PROGRAM) completions zsh | install -D -m 0644 /dev/stdin "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_rwv"
	$(PROGRAM) completions fish | install -D -m 0644 /dev/stdin "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/rwv.fish"
	$(PROGRAM) manual rwv.1 | install -D -m 0644 /dev/stdin "$(DESTDIR)$(PREFIX)/share/man/man1/rwv.1"
	$(PROGRAM) manual rwv.yaml.5 | install -D -m 0644 /dev/stdin "$(DESTDIR)$(PREFIX)/share/man/man5/rwv.yaml.5"

# The help texts at the end of docs/commands.md, as the program prints them.
docs: build
	sed -i '/^## Help texts$$/q' docs/commands.md
	for command in "" $$($(PROGRAM) completions candidates "" | cut -f 1); do \
	    printf '\n```\n$$ %s\n' "rwv $${command:+$$command }--help"; $(PROGRAM) $$command --help; echo '```'; \
	done >> docs/commands.md

clean:
	$(SWIFT) package clean
	rm -rf .build/fixtures
