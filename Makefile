# weavefs. `make build`, `make test`, `make demo`; see README.md.

PREFIX  ?= /usr/local
DESTDIR ?=
# mount(8) looks for its helpers in /sbin alone.
SBINDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/sbin,$(PREFIX)/sbin)
SWIFT   ?= swift
# Each compiler job may take 2 GiB: as many as processors, at most four.
JOBS    ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 4 ] && n=4; echo $$n)
PROGRAM := .build/release/rwv
# Paths of more git repositories for the demo: make demo REPOS="/path/a /path/b"
REPOS   ?=
# Passed on to the benchmark or to `swift test`: make bench ARGS=--quick
ARGS    ?=

.PHONY: all build deps demo test bench fmt lint install clean

all: build

build: deps
	$(SWIFT) build -c release --static-swift-stdlib --product rwv -j $(JOBS)

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

clean:
	$(SWIFT) package clean
	rm -rf .build/fixtures
