#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The folded stacks of a guest's life: exits are there under their names with
# their handlers, and all that was recorded is in them, once.
#
# Guards against: time that is charged twice, to the wrong exit, or to none; a
# reader that does not understand the kernel's function-graph tracer.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_EXAMPLE
if ! grep -qs function_graph /sys/kernel/tracing/available_tracers ||
   ! command -v trace-cmd >/dev/null
then
	echo "1..0 # SKIP no trace-cmd, or no function-graph tracer"
	exit $KSFT_SKIP
fi

# number NAME FILE: its first value in a JSON file
number()
{
	tr -d ' \n' <"$2" | grep -o "\"$1\":[0-9]*" | sed -n '1s/.*://p'
}

# ticks REGEX: of all stacks that match
ticks()
{
	what=$1 awk '$1 ~ ENVIRON["what"] { sum += $NF } END { printf "%d", sum }' \
		"$tmp/stacks"
}

# has REGEX: is there such a stack?
has()
{
	grep -qE "^$1( |;)" "$tmp/stacks"
}

# same WHAT A B
same()
{
	echo "figure: $1: $2 ticks in the stacks, $3 counted"
	[ -n "$3" ] && [ "$2" = "$3" ]
}

# near WHAT A B: within 5 %
near()
{
	echo "figure: $1: $2 ticks in the stacks, $3 counted"
	[ -n "$3" ] && [ $(($2 * 100)) -ge $(($3 * 95)) ] &&
		[ $(($2 * 100)) -le $(($3 * 105)) ]
}

# Whether it keeps its deadlines, which is its status, is no matter here.
trace-cmd record -q -p function_graph -l :mod:lull -n decode_event \
	-e lull:lull_exit -e lull:lull_idle_enter -e lull:lull_idle_leave \
	-C x86-tsc -b 20000 -o "$tmp/trace.dat" \
	"$LULL" run --kernel "$LULL_EXAMPLE" --mem 16M --stats "$tmp/stats" \
	</dev/null >"$tmp/console" 2>&1
"$LULL" report --json "$tmp/trace.dat" >"$tmp/report" 2>>"$tmp/console"
"$LULL" report --flame "$tmp/trace.dat" >"$tmp/stacks" 2>"$tmp/said"
ok $? "folded" "$(cat "$tmp/console" "$tmp/said")"
check "nothing was lost" test ! -s "$tmp/said"

check "CPUID, handled at once" has "cpuid;lull_exit_quick"
check "VMCALL" has "vmcall;lull_exit_handle;handle_vmcall"
check "port I/O" has "io;lull_exit_handle;lull_emul_pio"
check "page faults" has "exception_nmi;lull_exit_quick;page_fault_quick"
check "the handler of one exit is not another's" \
	test "$(ticks 'handle_vmcall')" = "$(ticks '^vmcall;.*handle_vmcall')"

check "the guest" same guest "$(ticks '^\[guest\]$')" \
	"$(number guest_ticks "$tmp/report")"
# the first number of that name behind "idle"
check "idle" same idle "$(ticks '^\[idle\]$')" "$(tr -d ' \n' <"$tmp/report" |
	grep -o '"idle":{[^}]*' | grep -o '"ticks":[0-9]*' | sed 's/.*://')"
# What ends the VM comes after the launcher has asked for the figures.
lived=$(($(ticks '^[^[]|^\[[git]|^\[pre') - $(ticks ';(vcpu|vm_fop)_release(;|$)')))
check "all of the vCPU's time" near all $lived "$(number total "$tmp/stats")"
finish
