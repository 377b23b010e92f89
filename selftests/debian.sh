#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Debian's own kernel, as the package has it, boots to a shell in which
# somebody types.  Its command line names the console and nothing else.
#
# Guards against: a machine that only a kernel with our configuration likes;
# a TSC that a kernel does not trust; a console that loses what is typed.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_VMLINUZ LULL_INITRD

log=$tmp/log
prompts=0

# prompt: wait until the shell asks for one more command
prompt()
{
	prompts=$((prompts + 1))
	until [ "$(grep -ac '^/ # ' "$log")" -ge $prompts ]; do
		kill -0 $guest 2>/dev/null || return 1
		sleep 0.1
	done
}

# type LINE: at the next prompt
type_line()
{
	prompt && echo "$1" >&3
}

# said LINE: is this one of the guest's lines?
said()
{
	tr -d '\r' <"$log" | grep -xF -- "$1"
}

# The release that the image's header names: the Linux/x86 boot protocol's
# kernel_version, which counts from 0x200
release()
{
	at=$(od -An -tu2 -j 526 -N 2 "$LULL_VMLINUZ")
	dd if="$LULL_VMLINUZ" bs=1 skip=$((at + 512)) count=64 2>/dev/null |
		tr '\0' ' ' | cut -d ' ' -f 1
}

FORKS="i=0; while [ \$i -lt 100 ]; do /bin/busybox true && i=\$((i+1)); done"
CLOCK=/sys/devices/system/clocksource/clocksource0/current_clocksource

mkfifo "$tmp/keys"
: >"$log"
"$LULL" run --kernel "$LULL_VMLINUZ" --initrd "$LULL_INITRD" \
	--append console=ttyS0 --mem 256M --idle "${1:-stock}" \
	<"$tmp/keys" >"$log" 2>&1 &
guest=$!
exec 3>"$tmp/keys"
type_line "echo release=\$(uname -r)"
type_line "echo cpus=\$(grep -c ^processor /proc/cpuinfo)"
type_line "$FORKS; echo forks=\$i"
type_line 'mkdir /m; mount -t tmpfs none /m; head -c 4000000 /dev/urandom >/m/a'
type_line 'cp /m/a /m/b; cmp /m/a /m/b && echo tmpfs=same; umount /m'
type_line "echo clock=\$(cat $CLOCK)"
type_line 'exit 0'
wait $guest
status=$?
exec 3>&-

ok $status "exit status 0" "status $status
$(tail -n 40 "$log")"
check "the release is $(release)" said "release=$(release)"
check "one processor" said cpus=1
check "100 times fork and exec" said forks=100
check "files in a tmpfs keep their data" said tmpfs=same
check "the clock is the TSC" said clock=tsc
check "the kernel has nothing to report" is_clean "$log"
finish
