#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Does the checkers' kernel tell what a module does wrong, and does scripts/vm
# fail then?  A run without a fault must pass, and each kind of fault that
# checkers/faulty.c knows must end with 121 and the report that is expected.
#
# Usage: checkers.sh [NAME...]
#
# Prints TAP.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/out/selftests/checkers
log=$top/out/log/selftests/checkers
EXIT_REPORT=121

# NAME and what the kernel says
kinds='none
use_after_free KASAN: .*use-after-free
out_of_bounds KASAN: slab-out-of-bounds
vmalloc_out_of_bounds KASAN: vmalloc-out-of-bounds
free_twice KASAN: .*(double-free|invalid-free)
freed_page KASAN: use-after-free
array_bound UBSAN: array-index-out-of-bounds
bad_shift UBSAN: shift-out-of-bounds
lock_order possible circular locking dependency
lock_held lock held when returning to user space
sleep_in_atomic scheduling while atomic
allocate_in_atomic sleeping function called from invalid context
cpu_preemptible using smp_processor_id\(\) in preemptible
rcu_without_lock suspicious RCU usage
list_corruption list_add (double add|corruption)
refcount refcount_t: addition on 0
free_live_timer ODEBUG: free active
leak kmemleak: [0-9]+ new suspected
null_pointer KASAN: null-ptr-deref
warning WARNING: CPU'

build()
{
	eval "$("$top/scripts/checkers-kernel")"
	mkdir -p "$out" "$log"
	cp "$top/selftests/checkers/Kbuild" "$top/selftests/checkers/faulty.c" \
		"$out/"
	make -s -C "$KDIR" "M=$out" modules >"$log/build.log" 2>&1 && return
	tail -n 20 "$log/build.log"
	echo "Bail out! building faulty.ko failed (log: $log/build.log)"
	exit 1
}

# try NAME PATTERN: insert the module, and look at what came of it
try()
{
	status=0
	leaks=
	[ "$1" != leak ] || leaks=--leaks
	"$top/scripts/vm" run --host checkers $leaks --log "$log/$1" \
		--file "$out/faulty.ko" -- \
		"insmod faulty.ko kind=$1; grep -q faulty /proc/modules" \
		>"$log/$1.log" 2>&1 || status=$?
	if [ -z "$2" ]; then
		[ "$status" = 0 ]
	else
		[ "$status" = $EXIT_REPORT ] && grep -qE "$2" "$log/$1.log"
	fi
}

for name; do
	echo "$kinds" | grep -q "^$name\( \|\$\)" || {
		echo "$name: no such fault; checkers/faulty.c has them" >&2
		exit 2
	}
done
build
results=0
failures=0
while read -r name pattern; do
	case " $* " in
	"  " | *" $name "*) ;;
	*) continue ;;
	esac
	results=$((results + 1))
	if try "$name" "$pattern" </dev/null; then
		echo "ok $results $name"
	else
		failures=$((failures + 1))
		echo "# scripts/vm ended with $status (log: $log/$name.log)"
		echo "not ok $results $name"
	fi
done <<END
$kinds
END
echo "1..$results"
[ "$failures" = 0 ]
