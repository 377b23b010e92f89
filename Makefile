# SPDX-License-Identifier: GPL-2.0-only
# Names for the scripts that do the work; `make help` lists them.

.PHONY: all deps module launcher guest check check-long check-static demo bench \
	bench-softcpu clean distclean help

all: module launcher

deps:
	@scripts/deps

module: deps
	@scripts/build-module

launcher: deps
	@scripts/build-launcher

guest: deps
	@scripts/guest-kernel

check: deps
	@scripts/check

# PARTS="NAME..." runs some of them
check-long: deps
	@scripts/check-long $(PARTS)

check-static: deps
	@scripts/check.sh

# Looks at the packages itself, to tell the time that all took
demo:
	@scripts/demo $(if $(FORCE),--force)

bench:
	@scripts/bench $(if $(BASE),--base $(BASE)) $(if $(ROWS),--rows $(ROWS))

bench-softcpu:
	@scripts/bench-softcpu

# Keeps what is fetched and what takes minutes: guest and host kernel, saved
# machines, the packages' stamp, the results of check-long.
clean:
	rm -rf out/module out/module-* out/launcher out/selftests out/model \
		out/check out/log out/demo out/bench

distclean:
	rm -rf out

help:
	@echo 'make               the module and the launcher'
	@echo 'make module        out/module/lull.ko'
	@echo 'make launcher      out/launcher/lull'
	@echo 'make guest         the patched guest kernel; prints its path'
	@echo 'make check         all checks and tests'
	@echo 'make check-long    what takes hours; scripts/check-long --list'
	@echo 'make check-static  the checks that run nothing'
	@echo 'make demo          the 2001 experiment; see out/demo/report.html'
	@echo '                   (FORCE=1 measures again what has not changed)'
	@echo 'make bench         against KVM and the bare machine; see'
	@echo '                   out/bench/report.html (BASE=FILE compares)'
	@echo 'make bench-softcpu the guest on Bochs and QEMU, and no VMM'
	@echo 'make clean         remove what is quick to build again'
	@echo 'make distclean     remove out/ altogether'
	@echo 'make deps          install the Debian packages that are needed'
