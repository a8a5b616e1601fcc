# `make` without a target prints the targets.

SWIFT ?= swift
SEEDS ?= 10000
# The same flag in a terminal and in a pipe: SwiftPM's default differs, and each change of flags recompiles everything.
release := $(SWIFT) build --no-color-diagnostics -c release --static-swift-stdlib
sources := Package.swift Services Shared Tests migrations
figures := Tests/Benchmarks/FIGURES.md

.PHONY: help run demo check test simulate bench build install uninstall deb test-systemd packages test-packages format lint clean
.DEFAULT_GOAL := help

help: ## print this
	@echo 'Rivet: a Telegram bot that keeps machines, and loses nothing. The targets:'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: build ## build, start the services in DIR (.rivet), and chat with the bot in this terminal
	@Tests/Scripts/run.sh $(if $(DIR),--dir '$(DIR)')

demo: build ## play a conversation in which all services are killed, in a fresh directory
	@Tests/Scripts/run.sh --fresh --script Tests/Scripts/demo.script

check: test-packages ## build, run the quick tests and check the layout; FILTER=Wire runs the tests of that name
	@Tests/Scripts/check.sh '$(FILTER)'

test: test-packages ## build and check everything; ends with "N passed, M failed"
	@Tests/Scripts/test.sh

test-systemd: build test-packages ## check only the units and the package, in a container; as root
	@Tests/Scripts/systemd.sh test

simulate: build ## run SEEDS simulations of the store with failing tiers, and of sending
	@.build/release/rivet-simulate --seeds $(SEEDS)
	@.build/release/rivet-simulate --of sending --seeds $(SEEDS)

bench: build ## measure against this machine's disk and sockets, and add to Tests/Benchmarks/FIGURES.md
	@commit=$$(git rev-parse --short HEAD 2>/dev/null || echo unknown); \
	[ -z "$$(git status --porcelain -- . ':!$(figures)' 2>/dev/null)" ] || commit=$$commit-dirty; \
	RIVET_BENCH_DIR=.build RIVET_BENCH_FIGURES=$(figures) RIVET_BENCH_COMMIT=$$commit .build/release/rivet-bench

build: packages ## build the release binaries into .build/release; they run without Swift
	@$(release)

install: ## install what build made, with systemd units, below PREFIX (/usr/local) in DESTDIR
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' systemd/install.sh install

uninstall: ## remove what install installed; settings, databases and users stay
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' systemd/install.sh uninstall

deb: build ## make a Debian package in .build
	@systemd/debian/build.sh

packages: ## install the Debian packages that are missing, if any
	@Tests/Scripts/packages.sh

test-packages:
	@Tests/Scripts/packages.sh tests

format: ## format all Swift sources in the project's style
	$(SWIFT) format --in-place --recursive --parallel $(sources)

lint: ## check the layout and style of all Swift sources
	$(SWIFT) format lint --strict --recursive --parallel $(sources)

clean: ## remove what was built; .rivet/ stays
	rm -rf .build
