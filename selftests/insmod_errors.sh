#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Where the module cannot work insmod fails, with one line that says why.
#
# Usage: insmod_errors.sh no-vmx | kvm
#
# Guards against: a module that loads and then cannot run, or takes VMX from
# someone who has it.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL_MODULE

# What the module has said so far, without times
said()
{
	dmesg | sed 's/^\[[^]]*\] //' | grep '^lull: ' | grep -v taint
}

# refused PATTERN: insmod fails, and the kernel log has one line more
# (busybox tries two system calls, and causes it twice)
refused()
{
	before=$(said | wc -l)
	insmod "$LULL_MODULE" 2>"$tmp/insmod" && return 1
	said | tail -n +$((before + 1)) | sort -u >"$tmp/new"
	cat "$tmp/new" "$tmp/insmod"
	[ "$(wc -l <"$tmp/new")" = 1 ] && grep -q "$1" "$tmp/new" &&
		! is_loaded && [ ! -e /dev/lull ]
}

case ${1:-} in
no-vmx)
	check "a processor without VMX" refused "VMX"
	check "insmod says that it is not supported" \
		grep -qi "not supported\|no such device" "$tmp/insmod"
	check "the same again" refused "VMX"
	;;
kvm)
	for module in irqbypass kvm kvm-intel; do
		insmod "./$module.ko" || echo "# no $module"
	done
	check "kvm_intel is loaded" refused "kvm_intel"
	check "and leaves KVM alone" grep -q '^kvm_intel ' /proc/modules
	check "insmod says that something is busy" \
		grep -qi "busy" "$tmp/insmod"
	rmmod kvm_intel kvm irqbypass
	check "without it the module loads" insmod "$LULL_MODULE"
	check "and it unloads" rmmod lull
	;;
*)
	echo "1..0 # SKIP which machine is this? no-vmx or kvm"
	exit $KSFT_SKIP
	;;
esac
finish
