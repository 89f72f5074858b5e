# What a person does with Spillway. Every verb sets the machine up first (Debian 12: missing packages by apt-get),
# configures and builds; on a machine that is ready the set-up takes no time.

JOBS ?= $(shell nproc)
# Tests on real files look for them here, and skip, saying so, when there are none.
export SPILLWAY_DATA ?= $(abspath ../shared/data)

.DEFAULT_GOAL := help
.PHONY: help setup setup-lint demo build test test-asan test-tsan lint format clean

help:
	@echo "make demo       a job is killed half-way, resumes, and loses nothing; make demo INPUT=FILE on readings"
	@echo "make build      the command and the plugins: build/release/bin, build/release/lib/spillway/plugins"
	@echo "make test       build and run all tests but the stress tests"
	@echo "make test-asan  the unit tests under the address and undefined-behaviour sanitizers"
	@echo "make test-tsan  the unit tests under the thread sanitizer"
	@echo "make lint       check format, layout and code"
	@echo "make format     format the code"
	@echo "make clean      remove all that was built"

setup:
	@scripts/setup build

setup-lint:
	@scripts/setup lint

# configure-NAME, build-NAME: of the preset NAME in CMakePresets.json.
configure-%: setup
	@mkdir -p build
	@cmake --preset $* >build/configure-$*.log 2>&1 || { cat build/configure-$*.log; exit 1; }

build-%: configure-%
	@cmake --build --preset $* -j $(JOBS)

demo: configure-release
	@cmake --build --preset release -j $(JOBS) --target spillway spillway_hybrid spillway_rocksdb
	@scripts/demo "$(INPUT)"

build: build-release

test: build-release
	@ctest --preset release -j $(JOBS) -LE stress

test-asan: build-asan-ubsan
	@ctest --preset asan-ubsan -j $(JOBS) -L '^unit$$'

test-tsan: build-tsan
	@ctest --preset tsan -j $(JOBS) -L '^unit$$'

lint: setup-lint configure-release
	@scripts/lint $(JOBS)

format: setup-lint
	@scripts/sources | xargs clang-format-14 -i

clean:
	@rm -rf build
