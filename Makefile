# SPDX-License-Identifier: GPL-2.0-or-later
# `make help` lists what there is to do.

VERSION = 0.1.0

PREFIX        = /usr/local
SYSCONFDIR    = /etc
RUNSTATEDIR   = /run
LOCALSTATEDIR = /var
BINDIR        = $(PREFIX)/sbin
LIBEXECDIR    = $(PREFIX)/libexec/cman
MANDIR        = $(PREFIX)/share/man
DOCDIR        = $(PREFIX)/share/doc/cman
BASHDIR       = $(PREFIX)/share/bash-completion/completions
ZSHDIR        = $(PREFIX)/share/zsh/site-functions
UNITDIR       = $(PREFIX)/lib/systemd/system
FISHDIR       = $(PREFIX)/share/fish/vendor_completions.d

CC         = cc
AR         = ar
PKG_CONFIG = pkg-config
INSTALL    = install
BATS       = bats
CFLAGS     = -O2 -g

# Where the results go; sanitized objects never mix with the others, nor do those with points at
# which a test makes them fail (base/fault.h).
BUILD = build$(if $(SANITIZE),/sanitize)$(if $(FAULTS),/faults)
QUICKSTART = $(CURDIR)/build/quickstart

# --- what is built -----------------------------------------------------------------------------

LAYERS    = base config kernel state lifecycle cmd
LIBRARIES = libconfig libnl-route-3.0 uuid libcap jansson

SOURCES            = $(wildcard $(LAYERS:%=src/%/*.c))
SUPERVISOR_SOURCES = $(wildcard src/supervisor/*.c)
INIT_SOURCES       = $(wildcard src/init/*.c)

OBJECTS            = $(SOURCES:src/%.c=$(BUILD)/%.o)
SUPERVISOR_OBJECTS = $(SUPERVISOR_SOURCES:src/%.c=$(BUILD)/static/%.o)
INIT_OBJECTS       = $(INIT_SOURCES:src/%.c=$(BUILD)/static/%.o)
UNIT_TESTS         = $(patsubst tests/unit/%.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
PROGRAMS           = $(if $(wildcard src/main.c),$(BUILD)/cman) \
                     $(if $(SUPERVISOR_SOURCES),$(BUILD)/cman-supervisor) \
                     $(if $(INIT_SOURCES),$(BUILD)/cman-init)
PROBE_OBJECTS      = $(patsubst tests/probe/%.c,$(BUILD)/probe.d/%.o,$(wildcard tests/probe/*.c))

# --- how it is built ---------------------------------------------------------------------------

WARNINGS = -Wall -Wextra -Wconversion -Wshadow $(if $(WERROR),-Werror)
# What musl has not (base/musl.h); of our own files only, none of which includes it.
MUSL    := $(if $(findstring musl,$(shell $(CC) -dumpmachine 2>/dev/null)),-include base/musl.h)
DEFINES  = -D_GNU_SOURCE -DCMAN_VERSION='"$(VERSION)"' -DLIBEXECDIR='"$(LIBEXECDIR)"' \
           -DSYSCONFDIR='"$(SYSCONFDIR)"' -DRUNSTATEDIR='"$(RUNSTATEDIR)"' \
           -DLOCALSTATEDIR='"$(LOCALSTATEDIR)"' $(if $(FAULTS),-DCMAN_FAULTS)
COMPILE  = $(CC) -std=gnu11 -Isrc -I$(GENERATED) $(DEFINES) $(WARNINGS) $(CFLAGS) $(CPPFLAGS) -MMD -MP

SANITIZERS = -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
FORTIFY    = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
HARDENING  = $(if $(SANITIZE),$(SANITIZERS),$(FORTIFY) -fstack-clash-protection) -fPIE
LINKING    = -pie -Wl,-z,relro,-z,now,--as-needed $(if $(SANITIZE),$(SANITIZERS))
# The supervisor is there once per running container, and so may be the built-in init: a few pages
# without libc where its system calls are known (supervisor/system.h), static with libc elsewhere.
# No sanitizers in them.
FREESTANDING = $(filter x86_64-% aarch64-%,$(shell $(CC) -dumpmachine 2>/dev/null))
STATIC = -Os -fno-pie -fno-asynchronous-unwind-tables $(if $(FREESTANDING),-ffreestanding \
         -fno-stack-protector -fno-tree-loop-distribute-patterns -U_FORTIFY_SOURCE,$(FORTIFY))
STATIC_LINKING = -static -no-pie -Wl,--gc-sections,--build-id=none,-z,norelro,-z,noseparate-code \
         $(if $(FREESTANDING),-nostdlib)

# Tables that a tool of ours makes: system calls by name, the default filter.
GENERATED = $(BUILD)/generated
# It runs here, whatever CC builds for.
BUILD_CC  = $(CC)

LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) libip4tc libip6tc libkmod libnftables ext2fs 2>/dev/null)
LIBRARY_LIBS   := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -ldl

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all unit-tests check check-unit check-layers check-docs check-system check-valgrind check-vm lint \
        tidy format bench compare fuzz fuzz-targets test-packages install uninstall deb rpm apk quickstart quickstart-clean \
        clean help force faults

all: $(PROGRAMS)
	@:
unit-tests: $(UNIT_TESTS)

$(BUILD)/cman: $(BUILD)/main.o $(BUILD)/cman.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINKING) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(BUILD)/cman-supervisor: $(SUPERVISOR_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(STATIC_LINKING) $(LDFLAGS) -o $@ $^

$(BUILD)/cman-init: $(INIT_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(STATIC_LINKING) $(LDFLAGS) -o $@ $^

# Everything but main(), so that each test links what it uses and nothing else.
$(BUILD)/cman.a: $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@.new && $(AR) rcs $@.new $^ && mv -f $@.new $@

$(UNIT_TESTS): $(BUILD)/%: $(BUILD)/tests/%.o $(BUILD)/cman.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINKING) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS) -lcmocka

$(BUILD)/static/%.o: src/%.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(STATIC) -c -o $@ $<

$(BUILD)/tests/%.o: tests/unit/%.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(MUSL) $(HARDENING) $(LIBRARY_CFLAGS) -c -o $@ $<

$(BUILD)/%.o: src/%.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(MUSL) $(HARDENING) $(LIBRARY_CFLAGS) -c -o $@ $<

$(BUILD)/generate: src/seccomp/generate.c src/kernel/seccomp_compile.c src/seccomp/policy.h \
		src/kernel/seccomp_compile.h src/config/calls.h | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(BUILD_CC) -std=gnu11 -D_GNU_SOURCE -Isrc $(WARNINGS) -O1 -o $@ \
		$(filter %.c,$^) $$($(PKG_CONFIG) --cflags --libs libseccomp)

$(GENERATED)/config/calls_table.h: $(BUILD)/generate
	$(call say,MAKE,$@)
	$(Q)mkdir -p $(@D) && $< calls >$@

$(GENERATED)/kernel/seccomp_filter.h: $(BUILD)/generate
	$(call say,MAKE,$@)
	$(Q)mkdir -p $(@D) && $< filter >$@

$(BUILD)/config/calls.o: $(GENERATED)/config/calls_table.h
$(BUILD)/kernel/seccomp.o: $(GENERATED)/kernel/seccomp_filter.h

# Names what is missing, with its package, before the first file is compiled.
$(BUILD)/.packages: tests/packages.sh
	@mkdir -p $(@D)
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' tests/packages.sh check build
	@touch $@

# Written anew when a flag or a directory differs from the last build, which then starts afresh.
FLAGS = $(subst ','\'',$(COMPILE) $(MUSL) $(HARDENING) $(STATIC) $(LIBRARY_CFLAGS))
$(BUILD)/.flags: force
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@
force:

-include $(OBJECTS:.o=.d) $(BUILD)/main.d $(SUPERVISOR_OBJECTS:.o=.d) $(INIT_OBJECTS:.o=.d) \
         $(UNIT_TESTS:$(BUILD)/%=$(BUILD)/tests/%.d) $(PROBE_OBJECTS:.o=.d)

# --- tests -------------------------------------------------------------------------------------

check: test-packages
	@tests/check.sh '$(MAKE)' '$(BUILD)'

test-packages:
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' tests/packages.sh install build tests

# Sanitizers and valgrind take their time.
UNIT_SECONDS = $(if $(SANITIZE),300,120)
check-unit: $(UNIT_TESTS)
	@failed=; for test in $(UNIT_TESTS); do \
		timeout $(UNIT_SECONDS) $$test || failed="$$failed $$test"; \
	done; test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

# The unit tests once more, with an eye on each byte they use and each one they lose. System calls
# that valgrind does not know are made past it (tests/valgrind/calls.c), so that all of them run.
# What it cannot follow is left out by name: VALGRIND_SKIPS, each with its reason.
#   test_namespace   a process of it has a root without /proc, where valgrind itself ends with
#                    SIGSEGV now and then
#   test_sealed      valgrind looks at a program before it lets it be run, and this one nobody may read
VALGRIND_SKIPS = test_namespace test_sealed
VALGRIND = valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
           --errors-for-leak-kinds=definite --suppressions=tests/valgrind/suppressions
VALGRIND_TESTS = $(filter-out $(VALGRIND_SKIPS:%=$(BUILD)/%),$(UNIT_TESTS))
check-valgrind: $(VALGRIND_TESTS) $(BUILD)/valgrind-calls.so
	@failed=; for test in $(VALGRIND_TESTS); do \
		LD_PRELOAD='$(abspath $(BUILD))/valgrind-calls.so' timeout 600 $(VALGRIND) $$test || \
			failed="$$failed $$test"; \
	done; test -z "$$failed" || { echo "failed under valgrind:$$failed" >&2; exit 1; }

$(BUILD)/valgrind-calls.so: tests/valgrind/calls.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) -fPIC -shared -o $@ $<

check-layers:
	@tests/layers.sh $(LAYERS)

check-docs:
	@tests/docs.sh

# Static programs that system tests run inside a container: tests/system/probe_*.c
PROBES = $(patsubst tests/system/%.c,$(BUILD)/%,$(wildcard tests/system/probe_*.c))
$(PROBES): $(BUILD)/%: tests/system/%.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) -static -o $@ $<

# One that stands in the place of a dynamic loader, so without libc.
$(BUILD)/overwrite: tests/system/overwrite.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) $(STATIC) $(STATIC_LINKING) -o $@ $<

# One that changes tables of iptables as its own, on the host's side.
$(BUILD)/contend: tests/system/contend.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) $(HARDENING) $(LINKING) -o $@ $< $$($(PKG_CONFIG) --cflags --libs libip4tc)

# Two ends of a conversation.
$(BUILD)/talk: tests/system/talk.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) $(HARDENING) $(LINKING) -o $@ $<

# TESTS=tests/system/network.bats runs one file, FILTER=regex the tests of that name, JOBS=3 three
# at a time (with the package parallel): a test waits more than it works.
TESTS = $(sort $(wildcard tests/system/*.bats))
SYSTEM_PROGRAMS = $(PROBES) $(BUILD)/probe $(BUILD)/overwrite $(BUILD)/contend $(BUILD)/talk
check-system: all $(if $(filter %/crash.bats %/crash_again.bats %/crash_errors.bats %/kernel_lacks.bats,$(TESTS)),faults) $(SYSTEM_PROGRAMS)
	@$(REPORTED) CMAN='$(abspath $(BUILD))/cman' $(BATS) $(if $(JOBS),--jobs $(JOBS)) $(if $(FILTER),--filter '$(FILTER)') $(TESTS)

# With points at which a test kills it or makes it fail.
faults:
	$(Q)$(MAKE) --no-print-directory FAULTS=1 all

# Processes of cman that nobody listens to have something to report as well.
REPORTS  = $(abspath $(BUILD))/reports
REPORTED = $(if $(SANITIZE),tests/sanitized.sh '$(REPORTS)' env)

# VM_TESTS="up limits" runs some of those in tests/vm. What cannot be installed is skipped. Of system
# tests, VM_TESTS=suite, a choice is run, or VM_SUITE="limits exec", 2/10 or all (tests/vm/suite.sh). JOBS
# machines run side by side.
check-vm: all unit-tests $(SYSTEM_PROGRAMS) $(if $(filter all crash% kernel_lacks,$(VM_SUITE))$(findstring /,$(VM_SUITE)),faults)
	@tests/packages.sh install tests vm || true
	@VM_SUITE='$(VM_SUITE)' VM_FILTER='$(VM_FILTER)' VM_JOBS='$(JOBS)' tests/vm/check.sh '$(BUILD)' $(VM_TESTS)

SCRIPTS = $(wildcard tests/*.sh tests/*/*.sh tests/*/*.bash tests/*/*.bats examples/*.sh) src/completion/cman.bash $(wildcard init/*.sysv init/*.openrc init/runit/*/*) \
          init/packages/build.sh init/packages/APKBUILD init/packages/cman.pre-deinstall .ci/run

# BENCH="throughput scale" runs some of its parts.
bench: all $(BUILD)/bench $(BUILD)/bench-commit $(BUILD)/bench-stream $(BUILD)/bench-look
	@CMAN='$(abspath $(BUILD))/cman' BENCH='$(BENCH)' tests/bench/bench.sh

$(BUILD)/bench: tests/bench/bench.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) $(HARDENING) $(LINKING) -o $@ $<

$(BUILD)/bench-commit $(BUILD)/bench-look: $(BUILD)/bench-%: tests/bench/%.c $(BUILD)/cman.a $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) $(HARDENING) $(LIBRARY_CFLAGS) $(LINKING) -o $@ $< $(BUILD)/cman.a $(LIBRARY_LIBS)

$(BUILD)/bench-stream: tests/bench/stream.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)$(COMPILE) -static -o $@ $<

# Looks at a container from inside; runs in any root filesystem, so: static, and no sanitizers.
$(BUILD)/probe: $(PROBE_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -static $(LDFLAGS) -o $@ $^

$(BUILD)/probe.d/%.o: tests/probe/%.c $(BUILD)/.flags | $(BUILD)/.packages
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(FORTIFY) -c -o $@ $<

compare: all $(BUILD)/probe
	@CMAN='$(abspath $(BUILD))/cman' tests/probe/compare.sh

# FUZZ_SECONDS=300 for each target, FUZZ="conf user" some of them. run.sh builds fuzz-targets with
# clang, in a directory of its own.
FUZZ_TARGETS = $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_RUNS='$(FUZZ_RUNS)' FUZZ='$(FUZZ)' tests/fuzz/run.sh '$(MAKE)' build/fuzz

fuzz-targets: $(FUZZ_TARGETS)
$(FUZZ_TARGETS): $(BUILD)/%: tests/fuzz/%.c tests/fuzz/common.c tests/fuzz/fuzz.h $(BUILD)/cman.a
	$(call say,LINK,$@)
	$(Q)$(COMPILE) $(HARDENING) $(LIBRARY_CFLAGS) $(LINKING) $(LDFLAGS) -o $@ $< \
		tests/fuzz/common.c $(BUILD)/cman.a $(LIBRARY_LIBS)

lint:
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --library=posix \
		--enable=warning,performance,portability -D_GNU_SOURCE -D__STDC_HOSTED__=1 -DCMAN_VERSION='""' \
		--suppressions-list=tests/cppcheck.txt -Isrc src
	$(Q)shellcheck -x --severity=warning $(SCRIPTS)

# A second opinion, with false alarms among it: not part of lint.
tidy:
	$(Q)clang-tidy --quiet $(SOURCES) src/main.c -- -std=gnu11 -Isrc $(DEFINES) $(LIBRARY_CFLAGS)

format:
	$(Q)clang-format -i $$(find src tests -name '*.[ch]')

# --- installation ------------------------------------------------------------------------------

install: all
	@DESTDIR='$(DESTDIR)' INSTALL='$(INSTALL)' BUILD='$(BUILD)' BINDIR='$(BINDIR)' \
	 LIBEXECDIR='$(LIBEXECDIR)' MANDIR='$(MANDIR)' DOCDIR='$(DOCDIR)' SYSCONFDIR='$(SYSCONFDIR)' \
	 RUNSTATEDIR='$(RUNSTATEDIR)' LOCALSTATEDIR='$(LOCALSTATEDIR)' BASHDIR='$(BASHDIR)' \
	 ZSHDIR='$(ZSHDIR)' FISHDIR='$(FISHDIR)' UNITDIR='$(UNITDIR)' INIT='$(INIT)' \
	 tests/install.sh install

uninstall:
	@DESTDIR='$(DESTDIR)' LIBEXECDIR='$(LIBEXECDIR)' tests/install.sh uninstall

# Packages of this version, in build/packages.
deb rpm:
	@tests/packages.sh install build $@
	@init/packages/build.sh $@ '$(VERSION)' build/packages
apk:
	@init/packages/build.sh $@ '$(VERSION)' build/packages

# --- a first look ------------------------------------------------------------------------------

quickstart:
	@MAKE='$(MAKE)' examples/quickstart.sh up '$(QUICKSTART)'

quickstart-clean:
	@examples/quickstart.sh clean '$(QUICKSTART)'

clean:
	$(Q)if test -e build/quickstart/state; then examples/quickstart.sh clean '$(QUICKSTART)'; fi
	$(Q)rm -rf build

help:
	@echo 'make                  build/cman, cman-supervisor and cman-init (V=1 shows the commands)'
	@echo 'make quickstart       as root: install what the build needs, build, bring up a container'
	@echo 'make quickstart-clean take that container down and remove its files'
	@echo 'make check            install what the tests need, build, run every test'
	@echo '     check-unit       C tests; no root needed'
	@echo '     check-system     the real program in namespaces of the test; root'
	@echo '     check-valgrind   the C tests under valgrind; needs it'
	@echo '     check-vm         on a stock kernel with each kind of cgroups, in qemu; not part of check'
	@echo '                      VM_TESTS="up limits": these; VM_SUITE=2/10: every tenth system test, too'
	@echo '     check-layers     a layer includes only itself and those below'
	@echo '     check-docs       manual pages, README and examples against the program'
	@echo 'make faults           a build that dies or fails where a test says (src/base/fault.h)'
	@echo 'make check SANITIZE=1 the same with address and undefined behaviour sanitizers'
	@echo 'make lint             cppcheck and shellcheck; make tidy: clang-tidy'
	@echo 'make format           clang-format'
	@echo 'make compare          what holds in a container, side by side with what is installed'
	@echo 'make fuzz             each parser of foreign text, for FUZZ_SECONDS; needs clang'
	@echo 'make bench            speed and memory, side by side with what is installed; throughput; the'
	@echo '                      cost of a thousand others, of a change, of supervisors and their logs.'
	@echo '                      BENCH="race scale": some of race throughput scale plan apply idle logs'
	@echo 'make install          DESTDIR, PREFIX, SYSCONFDIR, RUNSTATEDIR, LOCALSTATEDIR; INIT="systemd sysv"'
	@echo '                      openrc, runit, none, all: for these (else for what runs here; all with DESTDIR)'
	@echo 'make uninstall        undo it; changed configuration stays'
	@echo 'make deb, rpm, apk    packages of this version, in build/packages'
	@echo 'make clean            remove build/'
