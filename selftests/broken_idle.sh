#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel whose idle task writes to user memory (broken/idle.patch): the guard
# and the tripwire find it, and say where.
#
# Guards against: a guard that looks at nothing; a wrong RIP; an access that is
# lost where the guest may go on.
. "$(dirname "$0")/lib.sh"
LULL_BZIMAGE=${LULL_BROKEN_BZIMAGE:-}
need LULL LULL_BZIMAGE LULL_BROKEN_MAP LULL_INITRD

tracing=/sys/kernel/tracing
if ! [ -d $tracing/events/lull ]; then
	echo "1..0 # SKIP no tracepoints"
	exit $KSFT_SKIP
fi

# symbol HEX: in which function of the guest's kernel is that?
symbol()
{
	printf '%016x %%\n' "$1" | sort - "$LULL_BROKEN_MAP" |
		awk '$2 == "%" { print name; exit } { name = $3 }'
}

# told WITNESS: the RIPs that it traced, each once
told()
{
	sed -n "s/.* by $1 rip \(0x[0-9a-f]*\) .*/\1/p" $tracing/trace | sort -u
}

# audited NAME WITNESSES OPTION...: the guest goes on, and they have seen it
audited()
{
	name=$1
	witnesses=$2
	shift 2
	echo >$tracing/trace
	guest "$tmp/log" sleeper,100 --idle-guard audit --stats "$tmp/stats" "$@"
	ok $? "$name: exit status 0" "$(cat "$tmp/log")"
	check "$name: the workload is ok" all_ok "$tmp/log" 1
	check "$name: the kernel reports nothing" is_clean "$tmp/log"
	for witness in $witnesses; do
		counter=tripwire
		where=lull_idle
		[ "$witness" = tripwire ] || counter=guard_violations
		[ "$witness" = tripwire ] || where=lull_scribble
		[ "$(counted $counter)" -ge 100 ]
		ok $? "$name: found each time by $witness" "$(counted $counter)"
		said=$(for rip in $(told "$witness"); do symbol "$rip"; done |
			sort -u)
		[ "$said" = $where ]
		ok $? "$name: $witness says $where" "$said $(told "$witness")"
	done
}

echo 1 >$tracing/events/lull/lull_guard/enable
audited audit "guard tripwire" --idle=announce
allow_targets 1
audited "audit with targets" guard --cr3-targets
allow_targets 0
echo 0 >$tracing/events/lull/lull_guard/enable

guest "$tmp/log" sleeper,100 --idle-guard kill --idle=announce
ok $((!$?)) "kill: exit status not 0" "$(cat "$tmp/log")"
rip=$(sed -n 's/.*accessed 0x[0-9a-f]* at \(0x[0-9a-f]*\) .*/\1/p' "$tmp/log")
said=$([ -z "$rip" ] || symbol "$rip")
[ "$said" = lull_scribble ]
ok $? "kill: the launcher says lull_scribble" "$said $(cat "$tmp/log")"

guest "$tmp/log" sleeper,100 --idle=announce --stats "$tmp/stats"
ok $? "off: exit status 0" "$(cat "$tmp/log")"
[ "$(counted guard_violations)+$(counted tripwire)" = 0+0 ]
ok $? "off: nobody looks" "$(counted guard_violations) $(counted tripwire)"
finish
