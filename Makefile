# truecode: the two commands are `make run` and `make test`; both first install what
# is missing (.ci/setup). Everything is built below build/; `make help` lists the rest.

VERSION = 0.1.0
PREFIX  = /usr/local
B       = build
DATADIR = $(PREFIX)/share/truecode

CC        ?= cc
AR        ?= ar
PKG_CONFIG ?= pkg-config
OPT       ?= -O2 -g
WERROR    ?=
SANITIZE  ?=

SYSTEM := $(shell uname -sm)
MAKEFLAGS += --no-builtin-rules
# Where nobody said how many jobs at a time: one per processor.
PARALLEL = $(if $(findstring j,$(MAKEFLAGS)),,\
	-j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))

# ---- libraries ---------------------------------------------------------------------
# Every question to pkg-config has an answer without it, so that make itself starts on
# a machine where .ci/setup has still everything to install.

ifneq ($(filter Darwin,$(SYSTEM)),)
# Homebrew keeps these three out of the compiler's and pkg-config's way.
BREW := $(shell brew --prefix 2>/dev/null)/opt
PKG_CONFIG := PKG_CONFIG_PATH=$(BREW)/lua@5.4/lib/pkgconfig:$(BREW)/ncurses/lib/pkgconfig:$(BREW)/sqlite/lib/pkgconfig:$$PKG_CONFIG_PATH $(PKG_CONFIG)
endif
pc = $(shell $(PKG_CONFIG) $(1) 2>/dev/null)
LUA_PC := $(shell for p in lua5.4 lua-5.4 lua54 lua; do \
	$(PKG_CONFIG) --exists "$$p >= 5.4 $$p < 5.5" 2>/dev/null && { echo $$p; break; }; done)
ifeq ($(LUA_PC),)
LIB_CFLAGS := -I/usr/include/lua5.4
LIB_LIBS   := -llua5.4
else
LIB_CFLAGS := $(call pc,--cflags $(LUA_PC))
LIB_LIBS   := $(call pc,--libs $(LUA_PC))
endif

LIB_NAMES := ncursesw sqlite3 utf8proc
ifneq ($(filter Linux,$(SYSTEM)),)
LIB_NAMES  += seccomp
LIB_CFLAGS += -DHAVE_SECCOMP=1
else
LIB_CFLAGS += $(call pc,--cflags ncursesw sqlite3 libutf8proc)
LIB_LIBS   += $(call pc,--libs-only-L ncursesw sqlite3 libutf8proc)
endif
LIB_LIBS += $(addprefix -l,$(LIB_NAMES)) -lm

TEST_LIBS := $(or $(call pc,--libs cmocka vterm),-lcmocka -lvterm)

# ---- flags -------------------------------------------------------------------------
# Contraction would let a compiler fuse a*b+c where the processor can: then two
# machines would simulate two different worlds.

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 $(if $(WERROR),-Werror)

HARDEN = -fstack-protector-strong -fPIE
HARDEN_LD =
ifneq ($(filter Linux,$(SYSTEM)),)
HARDEN    += -fstack-clash-protection
HARDEN_LD += -pie -Wl,-z,relro,-z,now,-z,noexecstack
ifneq ($(filter x86_64 i686,$(SYSTEM)),)
HARDEN    += -fcf-protection
endif
endif
ifeq ($(SANITIZE),)
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif

SAN = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer)

# A module that is too large for one folder has rooms, folders of its own, and its files
# name each other's headers by room: "engine/act.h".
ALL_CPPFLAGS = -Iinclude -Isrc/sim -D_GNU_SOURCE $(LIB_CFLAGS) \
	-DTRUECODE_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS   = -std=c11 $(OPT) -ffp-contract=off -fno-math-errno \
	$(WARN) $(HARDEN) $(SAN) $(CFLAGS)
ALL_LDFLAGS  = $(HARDEN_LD) $(SAN) $(LDFLAGS)

# ---- what there is -----------------------------------------------------------------

SRC   := $(sort $(wildcard src/*/*.c src/*/*/*.c))
OBJ   := $(SRC:%.c=$(B)/%.o)
MAIN  := $(B)/src/cli/main.o
LIB   := $(B)/libtruecode.a
TESTS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/*/test_*.c)))
BENCH := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/bench_*.c)))
# What is not a program of its own: helpers that any test may call.
TOBJ  := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/lib/*.c)))
# One program of many files: the published results.
REFERENCE := $(B)/tests/reference/test_reference
ROBJ  := $(patsubst %.c,$(B)/%.o,\
	$(filter-out %/test_reference.c,$(sort $(wildcard tests/reference/*.c))))

.PHONY: all run test check prove reference bench install uninstall clean lint asan format \
	check-portable help print-flags tests FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/truecode

help:
	@echo 'make run             install what is missing, build, play'
	@echo 'make test            install what is missing, build, run every test'
	@echo 'make                 build $(B)/truecode'
	@echo 'make check G=unit    the tests of one group (a folder of tests/), no set-up'
	@echo 'make prove SEEDS=100 prove every lesson'
	@echo 'make reference       hold the engine to published results at length'
	@echo 'make bench           print the figures of speed and size'
	@echo 'make lint            layers, rooms, headers, words, formatting'
	@echo 'make asan            the unit tests under AddressSanitizer and UBSan'
	@echo 'make check-portable  the same numbers from every compiler here'
	@echo 'make format          clang-format in place'
	@echo 'make install PREFIX=/usr/local DESTDIR=   and uninstall, clean'

# The program itself runs from here and not from a make with parallel jobs, which
# would keep the terminal from it.
run:
	@.ci/setup run
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@$(B)/truecode

test:
	@.ci/setup test
	@$(MAKE) --no-print-directory $(PARALLEL) all tests
	@$(MAKE) --no-print-directory check

check: $(B)/truecode tests
	@tests/run -b $(B) $(G)

tests: $(TESTS)

prove: $(B)/truecode
	$(B)/truecode prove --seeds $(or $(SEEDS),100)

# A table a process, as many at a time as there are processors.
reference: $(REFERENCE)
	@mkdir -p $(B)/reference && rm -f $(B)/reference/failed
	@$(REFERENCE) --list | xargs -P $$(getconf _NPROCESSORS_ONLN) -I{} sh -c \
		'$(REFERENCE) --long {} >$(B)/reference/{}.log 2>&1 || touch $(B)/reference/failed'
	@for t in $$($(REFERENCE) --list); do grep '^#' $(B)/reference/$$t.log; done
	@[ ! -e $(B)/reference/failed ] || { rm $(B)/reference/failed; exit 1; }

bench: $(B)/truecode $(BENCH)
	@for b in $(BENCH) $(wildcard tests/bench/*.sh); do \
		TRUECODE=$(B)/truecode $$b || exit 1; done

lint:
	@tests/run -b $(B) lint

asan:
	@$(MAKE) --no-print-directory B=build/asan SANITIZE=address,undefined \
		OPT='-O1 -g' G=unit check

check-portable:
	@tests/run -b $(B) portable compilers

format:
	clang-format -i $(wildcard src/*/*.[ch] src/*/*/*.[ch] include/truecode/*.h tests/*/*.[ch])

# ---- building ----------------------------------------------------------------------

$(B)/truecode: $(MAIN) $(LIB)
	@echo "  link  $@"
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(MAIN) $(LIB) $(LIB_LIBS)

# Made anew each time: an archive would keep the object of a file that is gone.
$(LIB): $(filter-out $(MAIN),$(OBJ)) $(B)/.sources
	@rm -f $@
	@$(AR) rcs $@ $(filter-out $(MAIN),$(OBJ))

$(TESTS) $(BENCH): $(B)/%: $(B)/%.o $(TOBJ) $(LIB)
	@echo "  link  $@"
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIB_LIBS) $(TEST_LIBS)

$(REFERENCE): $(ROBJ)

# Where installed lessons are is known to the command line alone, so that another
# PREFIX compiles one folder again and not everything.
$(B)/src/cli/%.o: CLI_CPPFLAGS = -DTRUECODE_DATADIR='"$(DATADIR)"'
$(filter $(B)/src/cli/%,$(OBJ)): $(B)/.datadir

# A compiler notes the folder it runs in, and takes $PWD for its name where that is true.
# So no object names the folder of the tree, and none is old when the tree has moved.
$(B)/%.o: %.c $(B)/.flags | build/.setup-build
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@PWD=/proc/self/cwd $(CC) $(ALL_CPPFLAGS) $(CLI_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Says what lacks, where a compiler would only fail.
build/.setup-build:
	@.ci/setup build

# Files that change only when what they hold does.
define remember
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(1))' > $@
endef
$(B)/.flags: FORCE
	$(call remember,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS))
$(B)/.datadir: FORCE
	$(call remember,$(DATADIR))
$(B)/.sources: FORCE
	$(call remember,$(SRC))
FORCE:

-include $(OBJ:.o=.d) $(TESTS:=.d) $(BENCH:=.d) $(TOBJ:.o=.d) $(ROBJ:.o=.d)

# For .ci/setup and the lints: the same flags, so that they test what is built.
print-flags:
	@echo 'CPPFLAGS $(ALL_CPPFLAGS)'
	@echo 'CFLAGS $(ALL_CFLAGS)'
	@echo 'LIBS $(LIB_LIBS)'
	@echo 'TEST_LIBS $(TEST_LIBS)'

# ---- installing --------------------------------------------------------------------

install: $(B)/truecode
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(B)/truecode '$(DESTDIR)$(PREFIX)/bin/truecode'
	find lessons -type f | while read -r f; do \
		install -d "$(DESTDIR)$(DATADIR)/$$(dirname "$$f")" && \
		install -m 644 "$$f" "$(DESTDIR)$(DATADIR)/$$f" || exit 1; done

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/truecode'
	rm -rf '$(DESTDIR)$(DATADIR)'

clean:
	rm -rf build
