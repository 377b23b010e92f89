#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the trace of a guest's whole life adds up to is exactly what the
# module's counters say.
#
# Guards against: a path that counts without tracing, or traces without
# counting; a tracepoint's field that is not what the counter measures.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_INITRD
if ! command -v trace-cmd >/dev/null || ! [ -d /sys/kernel/tracing/events/lull ]
then
	echo "1..0 # SKIP no trace-cmd, or no tracepoints"
	exit $KSFT_SKIP
fi

# flatten FILE: one line "path value" for each number in pretty-printed JSON
flatten()
{
	awk '{
		line = $0
		gsub(/[ \t,]/, "", line)
		last = substr(line, length(line))
		if (last == "{" || last == "[") {
			split(line, part, "\"")
			path[++depth] = part[2]
		} else if (line == "}" || line == "]") {
			depth--
		} else if (line ~ /^"[^"]*":[0-9]+$/) {
			name = ""
			for (i = 2; i <= depth; i++)
				name = name path[i] "."
			split(line, part, "\"")
			print name part[2], substr(part[3], 2)
		}
	}' "$1"
}

# same PREFIX: each number of that prefix in the report is in the statistics
same()
{
	awk -v prefix="$1." '
		index($1, prefix) != 1 { next }
		NR == FNR { counted[$1] = $2; next }
		{
			nr++
			if (!($1 in counted) || counted[$1] != $2) {
				print $1 ": traced", $2, "counted", counted[$1]
				bad = 1
			}
		}
		END { exit bad || !nr }' "$tmp/stats" "$tmp/report"
}

# traced ARM WORKLOADS: run a guest under trace-cmd
traced()
{
	trace-cmd record -q -e lull -b 40000 -o "$tmp/trace.dat" \
		"$LULL" run --kernel "$LULL_BZIMAGE" --initrd "$LULL_INITRD" \
		--append "console=ttyS0 quiet lull.run=$2" --mem 32M \
		--idle "$1" --stats "$tmp/stats.json" \
		</dev/null >"$tmp/console" 2>&1 || return 1
	"$LULL" report --json "$tmp/trace.dat" >"$tmp/report.json" \
		2>>"$tmp/console" || return 1
	flatten "$tmp/report.json" >"$tmp/report"
	flatten "$tmp/stats.json" | sed -n 's/^end\.//p' >"$tmp/stats"
	[ -s "$tmp/report" ] && [ -s "$tmp/stats" ]
}

# total PREFIX FILE: the sum of its numbers
total()
{
	awk -v a="$1." 'index($1, a) == 1 { sum += $2 } END { print sum + 0 }' \
		"$2"
}

for arm in ${1:-announce eager}; do
	traced "$arm" sleeper,50+sender,20
	ok $? "$arm: a guest was traced to its end" "$(cat "$tmp/console")"
	check "$arm: no event was lost" \
		grep -q '"complete":[ ]*true' "$tmp/report.json"
	check "$arm: exits by reason" same exits
	check "$arm: ticks by reason" same exit_ticks
	# the end of the VM, after the counters were read, zaps
	sed -i '/^counters\.zaps /d' "$tmp/report"
	check "$arm: counters" same counters
	# and none is counted that is not traced
	check "$arm: all exits" test "$(total exits "$tmp/report")" = \
		"$(total exits "$tmp/stats")"
	for name in faults cr3_loads injections hypercalls idle_enters; do
		echo "# $arm: $name $(sed -n "s/^counters.$name //p" "$tmp/stats")"
	done
done
finish
