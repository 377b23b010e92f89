#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Linux with CR3 targets: a ring of four processes and two sleepers in turn
# switch page tables without exits, and `lull run` says when it cannot be.
#
# Guards against: a kernel that does not look its page tables up, or not in
# time; a list that its own writes keep empty.
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_INITRD

# switches NAME MOST WORKLOAD: it runs, with so many exits for CR3 at most
switches()
{
	guest "$tmp/log" "$3" --cr3-targets --stats "$tmp/stats"
	ok $? "$1: exit status 0" "$(cat "$tmp/log")"
	check "$1: the workload is ok" all_ok "$tmp/log" 1
	check "$1: the kernel reports nothing" is_clean "$tmp/log"
	[ "$(between cr3_loads)" -le "$2" ]
	ok $? "$1: at most $2 loads of CR3 exit" "$(between cr3_loads) did"
}

if ! grep -q '^Not affected' /sys/devices/system/cpu/vulnerabilities/l1tf; then
	allow_targets 0
	guest "$tmp/log" none --cr3-targets
	ok $((!$?)) "refused on a CPU with L1TF" "$(cat "$tmp/log")"
	check "... with the reason" grep -q L1TF "$tmp/log"
fi
allow_targets 1
# Some 1600 switches
switches ring 16 ring,400,4,60
switches sleepers2 2 sleepers2,100,5000,40
allow_targets 0
finish
