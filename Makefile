# A thin face over tools/setup, Meson and ninja. Asks nothing; everything is repeatable.
#
#   make             build/libashlar-pkcs11.so and build/ashlar
#   make check       all tests: the release build (cc), and ASan, UBSan and fuzzers (clang)
#   make demo        a tour of the command line and the module
#   make check-asan  only the tests with ASan and UBSan
#   make check-tsan  the unit tests and the stress of threads with ThreadSanitizer
#   make check-clients  every program of docs/clients against the installed module; installs
#                    them first and leaves build/clients.json
#   make stress      many processes and threads on one token, for STRESS_SECONDS
#   make fuzz        each fuzz target for FUZZ_SECONDS
#   make model       random calls against a model of the API, on each store for MODEL_SECONDS
#   make torture     every sweep of tests/torture whole, and a million keys, beside SoftHSM (hours);
#                    TORTURE_OPTIONS="--only kill,scale" does parts
#   make reliability docs/reliability.md anew from what make torture left
#   make format      put the layout of the C files right
#   make install     as Meson does it (DESTDIR= is honoured)
#   make clean       remove the build folders (the crypto libraries stay in the cache)
#
# ASHLAR_AWS_LC=disabled (before the first build) leaves AWS-LC out.

ASHLAR_AWS_LC ?= enabled
FUZZ_SECONDS ?= 60
MODEL_SECONDS ?= 60
STRESS_SECONDS ?= 300
STRESS_OPTIONS ?= # --processes 8 --threads 16 --seed N
STRESS_MODULE ?= build/libashlar-pkcs11.so
TORTURE_OPTIONS ?=
CLIENTS ?= # gnutls openssh: these alone
export ASHLAR_AWS_LC

configure = meson setup -Daws_lc=$(ASHLAR_AWS_LC)
sanitize = CC=clang $(configure) -Db_lundef=false -Doptimization=1 -Dbug_aborts=true

.PHONY: all check check-asan check-tsan check-clients stress demo fuzz model torture reliability format install clean setup setup-tsan
.DELETE_ON_ERROR:

all: build/build.ninja
	@ninja -C build

check: all build-asan/build.ninja
	@ninja -C build-asan
	@tools/run_tests build build-asan

check-asan: build-asan/build.ninja
	@ninja -C build-asan
	@tools/run_tests build-asan

check-tsan: build-tsan/build.ninja
	@ninja -C build-tsan
	@tools/run_tests --meson=--timeout-multiplier=5 build-tsan

check-clients: all
	@tools/setup --clients
	@tests/clients/run.py $(CLIENTS)

stress: all
	@build/tests/integration/stress/stress --seconds $(STRESS_SECONDS) $(STRESS_OPTIONS) $(STRESS_MODULE)

demo: all
	@tools/demo

fuzz: build-asan/build.ninja
	@ninja -C build-asan
	@set -e; for target in build-asan/tests/fuzz/*_fuzz; do \
		echo "== $$target"; tools/fuzz $$target -max_total_time=$(FUZZ_SECONDS); \
	done

model: all
	@set -e; for store in sqlite memory; do \
		build/tests/model/model --seconds $(MODEL_SECONDS) --store $$store build/libashlar-pkcs11.so; \
	done

# A part that went wrong is in the document, too; make fails after it is written.
torture: all
	@tools/setup --peers || echo 'torture: without other modules'
	@status=0; tools/torture.py $(TORTURE_OPTIONS) || status=$$?; \
	tools/reliability.py && exit $$status

reliability:
	@tools/reliability.py

format:
	@tools/check_format --fix

install: all
	@meson install -C build --no-rebuild

clean:
	rm -rf build build-asan build-tsan

setup:
	@tools/setup

setup-tsan: setup
	@tools/setup --variant tsan

build/build.ninja: | setup
	$(configure) build

build-asan/build.ninja: | setup
	$(sanitize) -Db_sanitize=address,undefined -Dfuzz=true build-asan

build-tsan/build.ninja: | setup-tsan
	$(sanitize) -Db_sanitize=thread -Dcrypto_variant=tsan build-tsan
