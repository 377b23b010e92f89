#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What idling costs a guest in exits, and the host in wake-ups.
#
# Guards against: exits beside the halt in an idle period; a timer, a thread or
# a console of the launcher that goes on while the guest has nothing to do.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_INITRD LULL_EXAMPLE

PERIODS=500
MARKS=6
PERCENT=102		# exits in 100 periods
STORM=500		# microseconds of a short sleep
debugfs=/sys/kernel/debug

# The checkers' kernel takes longer for an exit than such a sleep lasts.  It also
# makes a guest's stay so long that the VMM may look for a deadline before the
# halt; then the next one is told by a hypercall: two exits in a period at most.
if [ -e $debugfs/kmemleak ]; then
	PERCENT=205
	STORM=5000
fi

# workload WORKLOAD OPTION...: to its end, with the statistics in $tmp/stats
workload()
{
	what=$1
	shift
	"$LULL" run --kernel "$LULL_BZIMAGE" --initrd "$LULL_INITRD" \
		--mem 64M --stats "$tmp/stats" \
		--append "console=ttyS0 quiet lull.run=$what" "$@" \
		</dev/null >"$tmp/out" 2>&1 || { cat "$tmp/out"; return 1; }
}

# total N: exits up to mark N, those for the host's interrupts aside
total()
{
	tr -d ' \n' <"$tmp/stats" | grep -o '"exits":{[^}]*}' | sed -n "$1p" |
		tr , '\n' | grep -v external_interrupt |
		awk '{ sub(/.*:/, ""); sum += $0 } END { print sum }'
}

# The marks are an exit each, with what they touch; MARKS is for that.
few_exits()
{
	workload "sleeper,$PERIODS" "$@" || return 1
	exits=$(($(total 2) - $(total 1)))
	cr3=$(between cr3_loads)
	echo "figure: $exits exits in $PERIODS periods, $cr3 of them CR3"
	[ "$exits" -ge "$PERIODS" ] && [ "$cr3" = 0 ] &&
		[ $((exits * 100)) -le $((PERIODS * PERCENT + MARKS * 100)) ]
}

# What the guest and the host have done: exits, wake-ups, the threads' switches
activity()
{
	cat "$debugfs"/lull/*/vcpu0/stats | grep -E \
		'^(exit_[0-9]+|wakeups|timer_fires|idle_enters) '
	cat "/proc/$guest/task"/*/status | grep ctxt
}

# In the end nothing is due for the example.
quiet_minute()
{
	"$LULL" run --kernel "$LULL_EXAMPLE" --mem 16M --append sleep \
		</dev/null >"$tmp/out" 2>&1 &
	guest=$!
	sleep 2
	activity >"$tmp/before"
	sleep 60
	activity >"$tmp/after"
	kill "$guest"
	wait "$guest"
	grep -q '^exit_18 ' "$tmp/before" && grep -q '^wakeups ' "$tmp/after" &&
		diff "$tmp/before" "$tmp/after"
}

check "the example keeps its deadlines" "$LULL" run --kernel "$LULL_EXAMPLE" \
	--mem 16M --idle announce
check "sleeper: one exit a period" few_exits --idle announce
check "sleepers2 ends well" workload sleepers2,100 --idle announce
check "lazily, by HLT" workload sleeper,100 --idle lazy
check "with a tick that never stops" \
	workload "sleeper,100 nohz=off" --idle announce
check "a storm of short sleeps" \
	workload "sleeper,2000,$STORM" --idle announce
check "with the PIT" workload sleeper,100 --idle announce --timer pit
check "a minute with nothing due: no exit, no wake-up" quiet_minute
finish
