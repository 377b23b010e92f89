#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The host takes a guest's memory away while it works: it swaps most of it
# out, merges pages that are alike, and gets a balloon's frames back.  All that
# the guest reads must be what it wrote.
#
# Usage: squeeze.sh [ROUNDS PROCESSES MIB LIMIT CHECKSUM]
#
# The workload prints the checksum that it must have with these numbers, on
# any machine: scripts/workloads/pattern.c.
#
# Guards against: a translation that outlives the page behind it; a page of
# the host's that a guest's write does not make dirty, or that it writes though
# others share it; shadow pages lost, or kept, when the host takes memory.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_INITRD

rounds=${1:-2}
processes=${2:-2}
mib=${3:-8}
# What the host leaves of the guest's 256 MiB
limit=${4:-24M}
checksum=${5:-6e5dc4a888e10000}
cgroup=/sys/fs/cgroup/squeeze
ksm=/sys/kernel/mm/ksm

# Swap space in compressed memory; the modules may be built in
swap_on()
{
	for module in zsmalloc lzo-rle zram; do
		[ ! -e "$module.ko" ] || insmod "$module.ko" || return 1
	done
	echo 512M >/sys/block/zram0/disksize &&
		mkswap /dev/zram0 && swapon /dev/zram0
}

merging_on()
{
	echo 400 >"$ksm/pages_to_scan" &&
		echo 100 >"$ksm/sleep_millisecs" &&
		echo 1 >"$ksm/run"
}

limit_on()
{
	mount -t cgroup2 none /sys/fs/cgroup &&
		echo +memory >/sys/fs/cgroup/cgroup.subtree_control &&
		mkdir "$cgroup" &&
		echo "$limit" >"$cgroup/memory.max"
}

# vmstat NAME: how often so far
vmstat()
{
	sed -n "s/^$1 //p" /proc/vmstat
}

# What the host has done so far; how much it has merged now
sample()
{
	echo "$(vmstat pswpout) $(vmstat pswpin) $(vmstat cow_ksm)" \
		"$(cat "$ksm/pages_shared") $(cat "$ksm/pages_sharing")"
	cat /sys/kernel/debug/lull/*/audit_structure >>"$tmp/audits"
}

# The differences, and the most that was merged at once
figures()
{
	awk 'NR == 1 { out = $1; in_ = $2; cow = $3 }
		$5 > sharing { shared = $4; sharing = $5 }
		END { print $1 - out, $2 - in_, $3 - cow,
			shared + 0, sharing + 0 }' "$tmp/samples"
}

# At least so many of each
happened()
{
	[ "$1" -ge "$2" ]
}

# said LINE: is this one of the guest's lines?
said()
{
	tr -d '\r' <"$tmp/log" | grep -xF -- "$1"
}

check "there is swap space" swap_on
check "equal pages are merged" merging_on
check "memory can be limited" limit_on
start_guest "$tmp/log" "squeeze,$rounds,$processes,$mib" \
	--mem 256M --mergeable --stats "$tmp/stats"
# shellcheck disable=SC2154 # start_guest sets it
echo "$guest" >"$cgroup/cgroup.procs"
while [ -e "/proc/$guest/exe" ]; do
	sample >>"$tmp/samples" 2>/dev/null
	# once more, at moments that the guest does not choose
	echo 1M >"$cgroup/memory.reclaim"
	sleep 1
done 2>/dev/null
wait "$guest"
status=$?
ok $status "exit status 0" "status $status
$(tail -n 40 "$tmp/log")"

frames=$((processes * mib * 256 * (rounds / 2)))
# shellcheck disable=SC2046 # five numbers
set -- $(figures)
echo "# while the guest ran: $1 pages swapped out, $2 in;" \
	"$4 pages merged for $5 more, $3 written to after; $frames frames" \
	"given back; $(wc -l <"$tmp/audits") audits"
check "pages were swapped out" happened "$1" 4000
check "and in" happened "$2" 1000
check "pages were merged" happened "$5" 100
check "and written to after that" happened "$3" 20
check "frames were given back" grep "\"balloon_frames\": *$frames\b" \
	"$tmp/stats"
check "the workload is ok" all_ok "$tmp/log" 1
check "its checksum is as foretold" \
	said "squeeze: frames $frames checksum $checksum"
check "no audit found anything" \
	sh -c "grep -q 'violations 0' $tmp/audits &&
		! grep -v 'violations 0' $tmp/audits"
check "the guest's kernel has nothing to report" is_clean "$tmp/log"
check "nobody uses the module any more" rmmod lull
finish
