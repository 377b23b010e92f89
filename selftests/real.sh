#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Real workloads in the patched guest: the kernel's own selftests, stress-ng,
# hackbench and cyclictest, as real/list has them.
#
# Usage: real.sh [OPTION...] MEMORY GROUP[/PROGRAM]... [-- WORD...]
#
# OPTIONs are those of `lull run`, as --NAME=VALUE or --NAME; WORDs go on the
# guest's command line.  Each workload is a result; so are the guest's kernel log
# and the audit of the shadow tables, taken again and again while the guest runs,
# and what the idle guard found, if there is one.
#
# Guards against: what no test of ours thought of.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
# A sample does with the kernel that the other tests have, too.
[ -e "${LULL_REAL_BZIMAGE:-}" ] || LULL_REAL_BZIMAGE=${LULL_BZIMAGE:-}
need LULL LULL_REAL_BZIMAGE LULL_REAL_INITRD LULL_REAL_LIST

options=
guard=
while :; do
	case $1 in
	--idle-guard=*) guard=1 ;;
	--cr3-targets) allow_targets 1 ;;
	-*) ;;
	*) break ;;
	esac
	options="$options $1"
	shift
done
memory=$1
shift
wanted=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	wanted=$wanted,$1
	shift
done
[ $# = 0 ] || shift
wanted=${wanted#,}
log=$tmp/console
audits=0
OPTIONS="console=ttyS0 quiet log_buf_len=1M page_poison=1 lull.run=exec:/bin/real"
: >"$tmp/violations"
: >"$log"

# What real/list has to run: "GROUP COMMAND...", as the guest tells it
listed()
{
	awk -v wanted=",$wanted," '!/^#/ && NF && $3 != "-" &&
		(index(wanted, "," $1 ",") ||
		 index(wanted, "," $1 "/" $2 ",")) {
			$1 = $1
			print
		}' "$LULL_REAL_LIST"
}

# Look at the shadow tables of the guest, if it is there
audit()
{
	for file in /sys/kernel/debug/lull/*/audit_structure; do
		found=$(cat "$file" 2>/dev/null) || continue
		audits=$((audits + 1))
		[ "$found" = "violations 0" ] || echo "$found" >>"$tmp/violations"
	done
}

# How often the guest left guest mode
exits()
{
	tr -d ' \n' <"$tmp/stats" |
		sed -n 's/.*"end":{"exits":{\([^}]*\)}.*/\1/p' |
		awk -F: -v RS=, '{ n += $2 } END { print n + 0 }'
}

# It was asked for while the CPU idled, and had nothing to report.
guarded()
{
	[ "$(counted idle_guarded)" -ge 100 ]
	ok $? "the guard was begun" "$(counted idle_guarded)"
	for witness in guard_violations tripwire; do
		[ "$(counted $witness)" = 0 ]
		ok $? "no $witness" "$(counted $witness)"
	done
	echo "# figure: $(counted idle_guarded) times guarded," \
		"$(counted guard_violations) violations"
}

# The guest's console is told while it comes, and kept without its CRs.
{
	# shellcheck disable=SC2086 # words
	"$LULL" run --kernel "$LULL_REAL_BZIMAGE" \
		--initrd "$LULL_REAL_INITRD" --mem "$memory" --idle announce \
		--stats "$tmp/stats" --append "$OPTIONS real=$wanted $*" \
		$options </dev/null 2>&1
	echo $? >"$tmp/status"
} | awk -v file="$log" '{
	sub(/\r$/, "")
	print >file
	print "# " $0
	fflush()
}' &
while [ ! -e "$tmp/status" ]; do
	audit
	sleep 1
done
wait
status=$(cat "$tmp/status")

listed >"$tmp/listed"
[ -s "$tmp/listed" ] || ok 1 "real/list has something of $wanted"
while read -r command; do
	grep -qxF "workload $command: ok" "$log"
	ok $? "$command"
done <"$tmp/listed"
ok "$status" "exit status 0" "status $status"
check "the guest's kernel has nothing to report" is_clean "$log"
check "the shadow tables are as they should be" diff /dev/null \
	"$tmp/violations"
[ $audits -gt 0 ]
ok $? "they were looked at"
[ -z "$guard" ] || guarded
echo "# figure: real$options $wanted $*: $results results, $failures failed," \
	"$(exits) exits, $audits audits"
finish
