# truecode: the two commands are `make run` and `make test`; both first install what
# is missing (.ci/setup). Everything is built below build/; `make help` lists the rest.

# A BSD make stops at this line with its words. To GNU make it is a rule nobody asks for.
.error This file is for GNU make, which is called gmake here: please type "gmake run"
.DEFAULT_GOAL := all

VERSION = 0.1.0
PREFIX  = /usr/local
B       = build

CC        ?= cc
AR        ?= ar
PKG_CONFIG ?= pkg-config
OPT       ?= -O2 -g
WERROR    ?=
SANITIZE  ?=

SYSTEM := $(shell uname -sm)

# A word for a shell: exactly this text, whatever signs are in it.
q = '$(subst ','\'',$(1))'
MAKEFLAGS += --no-builtin-rules
# Where nobody said how many jobs at a time: one per processor.
PARALLEL = $(if $(findstring j,$(MAKEFLAGS)),,\
	-j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))

# For scripts, which call make again. (Make takes a line with $$(MAKE) in it for a make of
# its own, and runs it even with -n.)
MAKE_IS = MAKE=$(call q,$(MAKE_COMMAND))
setup   = $(MAKE_IS) .ci/setup

# ---- folders that somebody names -----------------------------------------------------
# A name from the command line may hold any sign. A "$" stands for itself there, unless
# it begins what make would call a reference: $$, $(NAME), ${NAME}.

OPEN  := (
CLOSE := )
has_reference = $(findstring $$$$,$(1))$(findstring $$$(OPEN),$(1))$(findstring $${,$(1))
typed   = $(if $(call has_reference,$(value $(1))),$($(1)),$(value $(1)))
on_line = $(findstring command line,$(origin $(1)))
# Some shells leave the ~ behind a "=" to us. What begins otherwise is meant from here,
# but an installed program is called from anywhere.
MARK := //^//
from_home = $(subst $(MARK),,$(subst $(MARK)~/,$(HOME)/,$(MARK)$(1)))
from_root = $(if $(filter /%,$(firstword $(1))),,$(CURDIR)/)$(1)
folder = $(call from_root,$(call from_home,$(call typed,$(1))))

INTO := $(call folder,$(if $(call on_line,PREFIX),PREFIX,$(if $(call on_line,prefix),prefix,PREFIX)))
DATA := $(if $(call on_line,DATADIR),$(call folder,DATADIR),$(INTO)/share/truecode)
# Where the installed tree is put together, for whoever makes a package of it.
ROOT := $(call typed,DESTDIR)

# The build folder's name is in targets, where make allows less than a file system does.
SIGNS := ' " \ $$ & ; | < > $(OPEN) $(CLOSE) * ? [ ] { } ~ : % ! \# = ` ,
ifneq ($(strip $(foreach s,$(SIGNS),$(findstring $(s),$(value B)))$(word 2,$(B))),)
$(error B=$(value B): make cannot build there; take a name without blanks and without $(SIGNS))
endif

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
# What is not a program of its own: helpers that any test may call. An archive, so that
# a test gets the ones it calls and may have names of the others.
TOBJ  := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/lib/*.c)))
TLIB  := $(B)/libtests.a
# One program of many files: the published results.
REFERENCE := $(B)/tests/reference/test_reference
ROBJ  := $(patsubst %.c,$(B)/%.o,\
	$(filter-out %/test_reference.c,$(sort $(wildcard tests/reference/*.c))))

.PHONY: all run test check prove reference bench install uninstall clean lint asan format \
	check-portable check-hostile hostile mutants fuzz help print-flags probe tests FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/truecode
	@$(built)

help:
	@echo 'make run             install what is missing, build, play'
	@echo 'make test            install what is missing, build, run every test'
	@echo 'make                 build $(B)/truecode'
	@echo 'make check G=unit    the tests of one group (a folder of tests/), no set-up'
	@echo 'make prove SEEDS=100 prove every lesson'
	@echo 'make reference       hold the engine to published results at length'
	@echo 'make bench           print the figures of speed and size'
	@echo 'make lint            layers, rooms, headers, what is dead, words, formatting'
	@echo 'make V=1             show each command'
	@echo 'make fuzz N=20000    so many worlds at random; none may bring its process down'
	@echo 'make check-hostile   the tests again in a build that checks and shrinks all it can'
	@echo 'make mutants         break a line at a time: which tests notice? (ONLY=REGEX)'
	@echo 'make asan            the unit tests under AddressSanitizer and UBSan'
	@echo 'make check-portable  the same numbers from every compiler here'
	@echo 'make format          clang-format in place'
	@echo 'make install PREFIX=/usr/local DESTDIR=   and uninstall, clean'

# The program itself runs from here and not from a make with parallel jobs, which
# would keep the terminal from it. A lost lesson, and a signal to leave, are no error.
run:
	@$(setup) run
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@trap : INT; $(B)/truecode || { s=$$?; [ $$s = 1 ] || [ $$s = 130 ] || exit $$s; }

test:
	@$(setup) test
	@$(MAKE) --no-print-directory $(PARALLEL) all tests
	@$(MAKE) --no-print-directory $(PARALLEL) hostile HOSTILE_PARTS="$(HOSTILE_FEW)"
	@$(MAKE) --no-print-directory check

check: $(B)/truecode tests
	@$(MAKE_IS) tests/run -b $(B) $(G)

tests: $(TESTS)
	@$(built)

# The same program once more, with every assertion that is too dear for playing, freed
# memory poisoned and all first sizes 1 (include/truecode/check.h). Its tests are two
# groups: "hostile", which `make test` has time for, and "hostile-all".
HOSTILE_PARTS = all tests
HOSTILE_FEW = $(B)/hostile/truecode $(patsubst %.c,$(B)/hostile/%,$(wildcard tests/hostile/test_*.c \
	tests/golden/test_*.c tests/fuzz/test_*.c))
hostile:
	@$(MAKE) --no-print-directory B=$(B)/hostile \
		CPPFLAGS=$(call q,$(CPPFLAGS) -DTRUECODE_CHECK) $(HOSTILE_PARTS)

check-hostile: hostile
	@$(MAKE_IS) tests/run -b $(B) hostile-all

# Breaks one line of the program at a time, and says what no test noticed.
mutants: $(B)/truecode tests
	@$(MAKE_IS) tests/mutants/run -b $(B) $(if $(ONLY),-o $(call q,$(ONLY)))

# A row a lesson, and before them what failed. UPDATE_GOLDEN=1 keeps it in lessons/README.md.
prove: $(B)/truecode
	@sh tests/lib/prove.sh $(B)/truecode $(or $(SEEDS),100)

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
	@$(MAKE_IS) tests/run -b $(B) lint

asan:
	@$(MAKE) --no-print-directory B=build/asan SANITIZE=address,undefined \
		OPT='-O1 -g' G=unit check

# Random worlds, as many as N; what dies is told with its number. And worlds full of
# messages, and of failovers and restores, half as many each, in which nothing may be lost.
fuzz: $(B)/tests/fuzz/test_worlds $(B)/tests/unit/test_sim_messages \
		$(B)/tests/unit/test_sim_replica
	$(B)/tests/fuzz/test_worlds $(or $(N),2000) $(FROM)
	$(B)/tests/unit/test_sim_messages $$((($(or $(N),2000) + 1) / 2)) $(FROM)
	$(B)/tests/unit/test_sim_replica $$((($(or $(N),2000) + 1) / 2)) $(FROM)

check-portable:
	@tests/run -b $(B) portable compilers

format:
	clang-format -i $(wildcard src/*/*.[ch] src/*/*/*.[ch] include/truecode/*.h tests/*/*.[ch])

# ---- progress ------------------------------------------------------------------------
# On a terminal one line that counts, in a log one line in all; each command with V=1.
# How many there are is asked of another make, once, before the first: only it knows what
# is old. In that make COUNT is set, and nothing runs.

ASK = MAKEFLAGS= $(MAKE_COMMAND) -n --no-print-directory COUNT=1 $(foreach v,$(.VARIABLES),\
	$(if $(call on_line,$(v)),$(call q,$(v)=$(value $(v))))) $(or $(MAKECMDGOALS),all)
count = $(eval TOTAL := $(or $(TOTAL),$(shell $(ASK) 2>/dev/null | grep -c '^: building')))\
	$(eval DONE += x)
COLUMN := %-68.68s
wipe  = [ ! -t 1 ] || printf '\r$(COLUMN)\r' ''
built = $(if $(DONE),[ ! -t 1 ] || printf '\r$(COLUMN)\n' '  built in $(B)')

# building COMMAND,FILE,KIND: what the command says comes whole, on lines of its own.
ifneq ($(COUNT),)
building = @: building
else ifneq ($(V),)
define building
	@echo '  $(3)$(2)'
	$(1)
endef
else
define building
	@$(count)if [ -t 1 ]; then \
		printf '\r$(COLUMN)\r' '  building $(words $(DONE)) of $(TOTAL): $(2)'; \
	elif [ $(words $(DONE)) = 1 ]; then echo '  to compile and link: $(TOTAL)'; fi; \
	$(1) >$@.said 2>&1; status=$$?; \
	if [ -s $@.said ]; then $(wipe); cat $@.said >&2; fi; rm -f $@.said; exit $$status
endef
endif

# ---- building ----------------------------------------------------------------------

$(B)/truecode: $(MAIN) $(LIB)
	$(call building,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(MAIN) $(LIB) $(LIB_LIBS),$@,link  )

# Made anew each time: an archive would keep the object of a file that is gone.
$(LIB): $(filter-out $(MAIN),$(OBJ)) $(B)/.sources
	@rm -f $@
	@$(AR) rcs $@ $(filter-out $(MAIN),$(OBJ))

$(TLIB): $(TOBJ) $(B)/.sources
	@rm -f $@
	@$(AR) rcs $@ $(TOBJ)

$(TESTS) $(BENCH): $(B)/%: $(B)/%.o $(TLIB) $(LIB)
	$(call building,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(TLIB) \
		$(LIB) $(LIB_LIBS) $(TEST_LIBS),$@,link  )

$(REFERENCE): $(ROBJ)

# Where installed lessons are is known to the command line alone, so that another
# PREFIX compiles one folder again and not everything.
$(B)/src/cli/%.o: CLI_CPPFLAGS = -DTRUECODE_DATADIR=$(call q,"$(subst ",\",$(subst \,\\,$(DATA)))")
$(filter $(B)/src/cli/%,$(OBJ)): $(B)/.datadir

# A compiler notes the folder it runs in, and takes $PWD for its name where that is true.
# So no object names the folder of the tree, and none is old when the tree has moved.
$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(call building,PWD=/proc/self/cwd $(CC) $(ALL_CPPFLAGS) $(CLI_CPPFLAGS) $(ALL_CFLAGS) \
		-MMD -MP -c -o $@ $<,$<,cc    )

# Files that change only when what they hold does. Where make only counts, it would take
# them for changed, but of a recipe that runs even then it looks at the file. Before new
# flags are used, .ci/setup says what lacks, where a compiler would only fail.
ifneq ($(COUNT),)
define remember
	+@:
endef
else
define remember
	@mkdir -p $(@D)
	@printf '%s\n' $(call q,$(1)) | cmp -s - $@ || \
		{ $(2) printf '%s\n' $(call q,$(1)) >$@; }
endef
endif
$(B)/.flags: FORCE
	$(call remember,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS),$(setup) build &&)
$(B)/.datadir: FORCE
	$(call remember,$(DATA))
$(B)/.sources: FORCE
	$(call remember,$(SRC))
FORCE:

-include $(OBJ:.o=.d) $(TESTS:=.d) $(BENCH:=.d) $(TOBJ:.o=.d) $(ROBJ:.o=.d)

# For the lints: the same flags, so that they test what is built. Each line is text for a
# shell, as in a recipe.
print-flags:
	@printf '%s\n' $(call q,CPPFLAGS $(ALL_CPPFLAGS)) $(call q,CFLAGS $(ALL_CFLAGS)) \
		$(call q,LIBS $(LIB_LIBS)) $(call q,TEST_LIBS $(TEST_LIBS))

# For .ci/setup: compiles the file $PROBE as the build would, into nothing. With
# PROBE_HEADERS it only looks for what is included; with PROBE_TESTS tests' libraries count.
probe: WARN =
probe:
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(if $(PROBE_HEADERS),-E -o /dev/null "$$PROBE",\
		$(ALL_LDFLAGS) -o "$$PROBE.out" "$$PROBE" $(LIB_LIBS) $(if $(PROBE_TESTS),$(TEST_LIBS)))

# ---- installing --------------------------------------------------------------------

# What the program says of itself, each where its reader looks for it. (Nothing of it goes
# through the build folder, where a file of root's would be in the way later.)
PAGES := share/man/man1/truecode.1 \
	share/bash-completion/completions/truecode \
	share/zsh/site-functions/_truecode \
	share/fish/vendor_completions.d/truecode.fish
SAYS_truecode.1    := help man
SAYS_truecode      := completion bash
SAYS__truecode     := completion zsh
SAYS_truecode.fish := completion fish

install: $(B)/truecode
	@$(built)
	@to=$(call q,$(ROOT)$(INTO)); install -d "$$to/bin" && \
		install -m 755 $(B)/truecode "$$to/bin/truecode"
	@to=$(call q,$(ROOT)$(INTO)); page() { f=$$to/$$1; shift; \
			install -d "$${f%/*}" && rm -f "$$f" && $(B)/truecode "$$@" >"$$f" && chmod 644 "$$f"; }; \
		$(foreach f,$(PAGES),page $(f) $(SAYS_$(notdir $(f))) &&) :
	@to=$(call q,$(ROOT)$(DATA)); find lessons -type f | while IFS= read -r f; do \
		install -d "$$to/$${f%/*}" && install -m 644 "$$f" "$$to/$$f" || exit 1; done
	@printf 'installed below %s\n' $(call q,$(ROOT)$(INTO))

# The folder of the data goes when nothing else is in it.
uninstall:
	@to=$(call q,$(ROOT)$(INTO)); for f in bin/truecode $(PAGES); do \
		rm -f "$$to/$$f" || exit 1; done
	@rm -rf $(call q,$(ROOT)$(DATA)/lessons)
	@rmdir $(call q,$(ROOT)$(DATA)) 2>/dev/null || :

clean:
	rm -rf build
