#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Rounds of: load the module, boot a guest, kill the launcher at some moment,
# unload the module.
#
# Usage: life.sh [ROUNDS [SEED]]
#
# Guards against: an end that leaks memory, pins the module, or leaves VMX on;
# every stage of a guest's life, and of its launcher's, is one to be killed in.
#
# That CR4.VMXE is as before shows in the next insmod: with the bit set it is
# refused with EBUSY.
. "$(dirname "$0")/lib.sh"
need LULL LULL_MODULE LULL_BZIMAGE LULL_INITRD

rounds=${1:-50}
seed=${2:-1}
# Rounds after which memory is looked at first: caches have filled by then
warm=5
kmemleak=/sys/kernel/debug/kmemleak

# Moments in seconds: 0.02 to 3, most of them early
moments()
{
	awk -v n="$rounds" -v seed="$seed" '
	function cube(x) { return x * x * x }
	BEGIN {
		srand(seed)
		for (i = 0; i < n; i++)
			printf "%.2f\n", 0.02 + 2.98 * cube(rand())
	}'
}

# The module may be in use for a moment more: descriptors close after exit
unload()
{
	for try in 1 2 3 4 5; do
		rmmod lull 2>"$tmp/rmmod" && return 0
		sleep 0.05
	done
	echo "tried $try times"
	cat "$tmp/rmmod"
	return 1
}

# round SECONDS
round()
{
	insmod "$LULL_MODULE" || return 1
	start_guest "$tmp/console" sleepers2,5000
	sleep "$1"
	# shellcheck disable=SC2154 # start_guest sets it
	if ! kill -9 "$guest" 2>/dev/null; then
		echo "the launcher was gone already:"
		cat "$tmp/console"
		return 1
	fi
	wait "$guest" 2>/dev/null
	unload
}

# What is free, in kB, and how many objects the caches hold, and a slab of them:
# all objects of a slab that a CPU allocates from count as in use, so that a
# cache may grow by one slab without a leak
memory()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	usleep 100000
	awk '$1 == "MemFree:" { print "free", $2 }' /proc/meminfo
	echo "vmalloc $(wc -l </proc/vmallocinfo)"
	awk '/^(kmalloc|lull|anon_vma|mm_struct|filp|task_struct)/ {
		print $1, $2, $5 }' /proc/slabinfo
}

# On the checkers' kernel KASAN keeps back what is freed, and caches grow by
# that; but there is kmemleak, for all that is older than five seconds.  It
# knows of no pages.
suspects()
{
	sleep 6
	# What has changed since the last scan is not told
	echo scan >$kmemleak
	echo scan >$kmemleak
	cat $kmemleak
}

# A leak of one object a round would show as so many more
compare()
{
	awk -v rounds="$((rounds - warm))" '
		NR == FNR { before[$1] = $2; next }
		$1 == "free" && before[$1] - $2 > 1024 {
			print "kB less are free:", before[$1] - $2
		}
		$1 == "vmalloc" && $2 > before[$1] {
			print "vmalloc areas:", before[$1], "->", $2
		}
		$1 !~ /^(free|vmalloc)$/ && $2 - before[$1] >= rounds &&
				$2 - before[$1] > $3 {
			print $1 ":", before[$1], "->", $2, "objects"
		}' "$tmp/before" "$tmp/after"
}

done=0
failed=
for moment in $(moments); do
	if ! round "$moment" >"$tmp/round" 2>&1; then
		failed="round $done, killed after $moment s: $(cat "$tmp/round")"
		break
	fi
	done=$((done + 1))
	[ $done != $warm ] || memory >"$tmp/before"
done
status=0
[ "$done" = "$rounds" ] || status=1
ok $status "$rounds rounds of insmod, guest, kill, rmmod" "$failed"
if [ -z "$failed" ]; then
	memory >"$tmp/after"
	echo "# free: $(sed -n 's/^free //p' "$tmp/before" "$tmp/after" |
		paste -sd' ') kB"
	if [ -w $kmemleak ]; then
		leaks=$(compare | grep '^kB less'; suspects)
	else
		leaks=$(compare)
	fi
	check "memory is as it was" test -z "$leaks"
	[ -z "$leaks" ] || echo "$leaks" | sed 's/^/# /'
	check "no cache of the module is left" \
		sh -c '! grep "^lull" /proc/slabinfo'
	check "no address of the module is left in vmalloc" \
		sh -c '! grep lull /proc/vmallocinfo'
	check "the kernel had nothing to say" \
		sh -c '! dmesg | grep "lull:" | grep -v "taint\|MSR"'
	insmod "$LULL_MODULE"
	ok $? "VMX is off: it can be loaded again"
	guest "$tmp/last" sleeper,5
	ok $? "and it works" "$(cat "$tmp/last")"
	check "and can be unloaded" unload
fi
finish
