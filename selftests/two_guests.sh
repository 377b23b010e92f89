#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Two guests at once on one host CPU: both finish their workloads.
#
# Guards against: VMCS, MSRs or FPU state of one guest left in the CPU for the
# other; a guest that starves the other; a VM's end that harms another VM.
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_INITRD

# Their periods are long: both boot, and compete, for most of the time.
# shellcheck disable=SC2154 # start_guest sets it
start_guest "$tmp/one" sleepers2,20,50000,1+ring,100 --cpu 0 --idle announce
one=$guest
start_guest "$tmp/two" ring,100+sleeper,20,50000,1 --cpu 0 --idle eager
two=$guest
wait "$one"
ok $? "the first ends with status 0" "$(cat "$tmp/one")"
wait "$two"
ok $? "the second ends with status 0" "$(cat "$tmp/two")"
check "the first's workloads are ok" all_ok "$tmp/one" 2
check "the second's workloads are ok" all_ok "$tmp/two" 2
check "nobody uses the module any more" rmmod lull
finish
