# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by the tests that are shell scripts: TAP, and guests run by `lull`.
#
# The environment names what they need: LULL (the launcher), LULL_MODULE,
# LULL_BZIMAGE, LULL_BZIMAGE_STOCK, LULL_VMLINUZ, LULL_INITRD,
# LULL_MULTIBOOT, LULL_EXAMPLE, LULL_REAL_BZIMAGE, LULL_REAL_INITRD,
# LULL_REAL_LIST, LULL_BROKEN_BZIMAGE, LULL_BROKEN_MAP.
# scripts/run-selftests sets it; a test skips itself where something is
# missing.

KSFT_SKIP=4
results=0
failures=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM	# dash runs no EXIT trap when a signal ends it

# need NAME...: skip all if one of the environment's files is not there
need()
{
	for name; do
		eval "file=\${$name:-}"
		# shellcheck disable=SC2154 # eval sets it
		if [ -z "$file" ] || [ ! -e "$file" ]; then
			echo "1..0 # SKIP $name names no file"
			exit $KSFT_SKIP
		fi
	done
}

# ok STATUS NAME [DETAIL]: one result; a detail is printed when it failed
ok()
{
	results=$((results + 1))
	if [ "$1" = 0 ]; then
		echo "ok $results $2"
	else
		failures=$((failures + 1))
		[ -z "${3:-}" ] || echo "$3" | sed 's/^/# /'
		echo "not ok $results $2"
	fi
}

# check NAME COMMAND...: does it succeed?
check()
{
	checked=$1
	shift
	if "$@" >"$tmp/check" 2>&1; then
		ok 0 "$checked"
	else
		ok 1 "$checked" "$(cat "$tmp/check")"
	fi
}

# finish: the plan and the exit status
finish()
{
	echo "1..$results"
	[ "$failures" = 0 ]
	exit
}

# is_loaded: is the module there?
is_loaded()
{
	grep -q '^lull ' /proc/modules
}

# start_guest LOG WORKLOADS [OPTION...]: boot the patched kernel, which runs
# the workloads; the launcher's process becomes $guest
start_guest()
{
	log=$1
	workloads=$2
	shift 2
	"$LULL" run --kernel "$LULL_BZIMAGE" --initrd "$LULL_INITRD" \
		--append "console=ttyS0 quiet lull.run=$workloads" \
		--mem 32M "$@" </dev/null >"$log" 2>&1 &
	guest=$!
}

# guest LOG WORKLOADS [OPTION...]: the same, until it ends
guest()
{
	start_guest "$@"
	wait $guest
}

# values NAME: of a counter, or the exits of a reason, in the guest's --stats
# $tmp/stats: at each mark, and at the end
values()
{
	sed -n "s/^ *\"$1\":\([0-9]*\),*\$/\1/p" "$tmp/stats"
}

# counted NAME: the last value
counted()
{
	values "$1" | tail -n 1
}

# between NAME: what it grew between the marks
between()
{
	values "$1" |
		awk 'NR == 1 { first = $1 } NR == 2 { print $1 - first; exit }'
}

# allow_targets 1|0: CR3 targets on a CPU with L1TF, too, or not
allow_targets()
{
	echo "$1" >/sys/module/lull/parameters/cr3_targets_despite_l1tf
}

# What a Linux kernel says when something is wrong with it, its processor or
# its clock
REPORTS='WARNING: |BUG: |kernel BUG at|Oops|Call Trace|general protection'
REPORTS="$REPORTS|unchecked MSR|UBSAN|Bad (page|rss|RIP)|corrupted page table"
REPORTS="$REPORTS|Kernel panic|nobody cared|soft lockup|stall|hung task"
REPORTS="$REPORTS|[Uu]nstable|skew is too large|segfault|Out of memory"

# is_clean LOG: did the guest's kernel report nothing there?
is_clean()
{
	! grep -aE "$REPORTS" "$1"
}

# all_ok LOG NUMBER: has the guest said of so many workloads that they went
# well, and of none that it did not?
all_ok()
{
	tr -d '\r' <"$1" | tee "$tmp/said"
	[ "$(grep -c '^workload .* ok ' "$tmp/said")" = "$2" ] &&
		! grep -q '^workload .* FAILED' "$tmp/said"
}
