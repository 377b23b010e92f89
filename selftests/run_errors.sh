#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `lull run` with what cannot work: one line on stderr that names the cause,
# exit status 1.  And guests that fail.
#
# Guards against: a message that does not say what was wrong, a crash, a
# launcher that stays behind.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_INITRD

# refused NAME PATTERN ARGUMENT...: status 1, one line that matches
refused()
{
	name=$1
	pattern=$2
	shift 2
	"$@" </dev/null >"$tmp/stdout" 2>"$tmp/stderr"
	status=$?
	problem=
	[ "$status" = 1 ] || problem="status $status"
	[ ! -s "$tmp/stdout" ] || problem="$problem, something on stdout"
	[ "$(wc -l <"$tmp/stderr")" = 1 ] || problem="$problem, not one line"
	grep -q -e "$pattern" "$tmp/stderr" || problem="$problem, not $pattern"
	[ -z "$problem" ]
	ok $? "$name" "$problem: $(cat "$tmp/stderr")"
}

# run NAME PATTERN OPTION...: lull run, refused
run()
{
	name=$1
	pattern=$2
	shift 2
	refused "$name" "$pattern" "$LULL" run "$@"
}

k=$LULL_BZIMAGE
head -c 300 "$k" >"$tmp/tiny"
head -c 100000 "$k" >"$tmp/short"
head -c 200000 /dev/zero >"$tmp/zeros"
: >"$tmp/empty"
# of a kernel only the 32-bit entry: not what Lull boots
cp "$LULL" "$tmp/elf"

run "no kernel named" "--kernel" --mem 64M
run "kernel missing" "$tmp/none: No such file" --kernel "$tmp/none"
run "kernel is a directory" "$tmp: Is a directory" --kernel "$tmp"
run "kernel empty" "$tmp/empty" --kernel "$tmp/empty"
run "kernel of 300 bytes" "$tmp/tiny" --kernel "$tmp/tiny"
run "kernel cut off" "$tmp/short" --kernel "$tmp/short"
run "kernel of zeros" "$tmp/zeros" --kernel "$tmp/zeros"
run "kernel is another program" "$tmp/elf" --kernel "$tmp/elf"
run "initrd missing" "$tmp/none" --kernel "$k" --initrd "$tmp/none"
run "initrd empty" "$tmp/empty" --kernel "$k" --initrd "$tmp/empty"
run "too little memory" "mem" --kernel "$k" --mem 1M
run "too little memory for the initrd" "mem\|initrd" --kernel "$k" \
	--initrd "$LULL_INITRD" --mem 16M
run "memory of no size" "--mem" --kernel "$k" --mem lots
run "memory not in pages" "--mem" --kernel "$k" --mem 33554433
run "unknown arm" "--idle" --kernel "$k" --idle hasty
run "unknown option" "--colour" --kernel "$k" --colour red
run "option without its value" "--mem" --kernel "$k" --mem
run "statistics nowhere to go" "$tmp/none/x" --kernel "$k" \
	--stats "$tmp/none/x"
run "no such CPU" "CPU 63" --kernel "$k" --cpu 63
run "too small a cap" "--shadow-pages" --kernel "$k" --shadow-pages 5
refused "no such verb" "frobnicate" "$LULL" frobnicate

# Without permission: root of a user namespace of its own may do nothing to a
# device that is another's.  And without the device.
chown 1 /dev/lull
if [ -e /proc/self/ns/user ]; then
	refused "no permission" "/dev/lull.*ermission" unshare -U \
		"$LULL" run --kernel "$k"
else
	ok 0 "no permission # SKIP the kernel has no user namespaces"
fi
chown 0 /dev/lull
rmmod lull
run "no module" "/dev/lull" --kernel "$k" --mem 64M
insmod "$LULL_MODULE"

# Guests that fail.  An initrd that is none: the kernel panics, and reboots.
panic()
{
	"$LULL" run --kernel "$k" --append "console=ttyS0 quiet panic=-1" \
		--mem 64M </dev/null >"$tmp/console" 2>&1
	status=$?
	[ "$status" = 2 ] || echo "status $status: $(cat "$tmp/console")"
	[ "$status" = 2 ]
}
check "a guest that panics resets itself: status 2" panic

# a kernel whose code is UD2 has no IDT yet: a triple fault
triple_fault()
{
	setup=$(od -An -tu1 -j 497 -N 1 "$k" | tr -d ' ')
	start=$(((setup + 1) * 512 + 512))
	cp "$k" "$tmp/ud2"
	i=0
	while [ "$i" -lt 64 ]; do
		printf '\017\013'
		i=$((i + 1))
	done | dd of="$tmp/ud2" bs=1 seek="$start" conv=notrunc 2>/dev/null
	"$LULL" run --kernel "$tmp/ud2" --mem 64M </dev/null \
		>"$tmp/console" 2>&1
	status=$?
	cat "$tmp/console"
	[ "$status" = 3 ] && grep -q -i "triple fault" "$tmp/console" &&
		grep -q -i "rip" "$tmp/console" &&
		grep -q -i "cr3" "$tmp/console"
}
check "a triple fault: status 3, and a dump" triple_fault
check "nobody uses the module any more" rmmod lull
finish
