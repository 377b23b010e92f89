#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `lull run --backend kvm`: the guest that Lull runs runs on kvm_intel, with
# EPT and without; and what is said where it cannot.
#
# Guards against: a comparison of two different machines, statistics that
# count nothing, a message that does not say who is in the way.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_MODULE LULL_BZIMAGE LULL_INITRD

# refused PATTERN ARGUMENT...: lull run, status 1, one line that matches
refused()
{
	pattern=$1
	shift
	"$LULL" run --kernel "$LULL_BZIMAGE" "$@" </dev/null >"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	[ "$status" = 1 ] && [ "$(wc -l <"$tmp/said")" = 1 ] &&
		grep -q -e "$pattern" "$tmp/said"
}

check "no KVM" refused "/dev/kvm: .*kvm_intel is not loaded" --backend kvm
check "an arm that KVM does not have" refused "--idle announce: only with" \
	--backend kvm --idle announce
check "no such backend" refused "--backend: .*none of lull, kvm" --backend xen

# Lull has VMX as long as it is loaded
insmod "$LULL_MODULE"
insmod ./irqbypass.ko && insmod ./kvm.ko || exit 1
insmod ./kvm-intel.ko 2>"$tmp/insmod" && echo "# kvm_intel is loaded"
check "Lull keeps kvm_intel out" grep -qi busy "$tmp/insmod"
check "and lull run says so" refused "/dev/kvm: .*while lull.ko is" \
	--backend kvm
rmmod lull

# count FILE NAME: the last value of that name
count()
{
	sed -n "s/.*\"$2\": *\([0-9]*\).*/\1/p" "$1" | tail -n 1
}

# boot EPT: the workloads; no arm is named, so it is the guest's default.  The
# TSC's frequency: only a kernel with KVM's clock asks KVM for it.
boot()
{
	insmod ./kvm-intel.ko "ept=$1" || echo "# kvm_intel does not load"
	"$LULL" run --backend kvm --kernel "$LULL_BZIMAGE" --initrd \
		"$LULL_INITRD" --mem 64M --stats "$tmp/ept$1" --append \
		"console=ttyS0 quiet no_timer_check tsc_early_khz=50000 \
lull.run=sleeper,20+ring,50" </dev/null >"$tmp/log" 2>&1
	status=$?
	ok $status "ept=$1: exit status 0" "status $status
$(cat "$tmp/log")"
	check "ept=$1: all workloads are ok" all_ok "$tmp/log" 2
	check "ept=$1: exits are counted" \
		[ "$(count "$tmp/ept$1" exits)" -gt 1000 ]
	rmmod kvm_intel
}

boot 0
boot 1
# Only shadow paging has tables to keep in step with the guest's
check "ept=0 is shadow paging" [ "$(count "$tmp/ept0" mmu_cache_miss)" -gt 0 ]
check "ept=1 is not" [ "$(count "$tmp/ept1" mmu_cache_miss)" = 0 ]
rmmod kvm irqbypass
finish
