# Type `make` for what there is to do.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help up down status logs check-script test bench check environment build install

## up: install, build, start and deploy everything; returns when it is ready
up: install
	@npx --no-install node local/up.ts

## down: stop everything that `make up` started; data stay
down: install
	@npx --no-install node local/down.ts

## status: every process, where it listens, whether it is ready
status: install
	@npx --no-install node local/status.ts

## logs: what was printed; F=detect for one function, FOLLOW=1, TAIL=500, RAW=1
logs: install
	@npx --no-install node local/logs.ts

## check-script: is an instrument's script sound? DIR=folder, JSON=1; more: npx node cli/main.ts help
check-script: install
	@npx --no-install node cli/main.ts check "$(DIR)" $(if $(JSON),--json)

## test: install what the tests need and run all of them
test: install
	@npx --no-install node local/prepare-tests.ts
	@npm test

## bench: measure rates, delays and memory on a stack of its own; BENCH=burst for one, JSON=1 for JSON lines
bench: install
	@npx --no-install node bench/main.ts

## check: types, lint, format, boundaries between folders, unused code
check: install
	@npm run check

## environment: make a further software environment for scripts, such as RECIPE=scipp; a running stack offers it at once
environment: install
	@npx --no-install node local/environment.ts

## build: bundles of all functions and the portal, into dist/
build: install
	@npm run build

## help: this list
help:
	@printf '\nAutoreduction: reduces neutron and muon data as soon as it is measured.\n\n'
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  make \1#\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'#' '{ printf "%-14s %s\n", $$1, $$2 }'
	@printf '\nSettings of make up, by environment: PORT (8080), STATE_DIR (.local), ARCHIVE_ROOT, RESULTS_ROOT,\nINSTRUMENTS_FILE, ENVIRONMENTS_FILE, DATABASE_URL, BROKER_URL, BROKER_CA, BROKER_USER,\nBROKER_PASSWORD_FILE. For instance: ARCHIVE_ROOT=/isis make up\n\n'

# Compiled code that Node keeps: without this vite and npm leave it in /tmp.
export NODE_COMPILE_CACHE := $(CURDIR)/node_modules/.cache/node

install:
	@sh local/install.sh

# Settings may also be given behind make: `make logs F=detect`.
export BENCH JSON RECIPE REDUCTION_ISOLATION
export PORT STATE_DIR ARCHIVE_ROOT RESULTS_ROOT INSTRUMENTS_FILE ENVIRONMENTS_FILE DATABASE_URL BROKER_URL BROKER_CA BROKER_USER BROKER_PASSWORD_FILE F FOLLOW TAIL RAW
