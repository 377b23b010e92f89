#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Linux under the idle guard: it keeps its promise, and with CR3 targets the
# guard costs it no exit.
#
# Guards against: a kernel that touches the user half while its idle task borrows
# it, or has it withdrawn when it goes on; a guard that is never begun.
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_INITRD

# kept NAME WORKLOAD OPTION...: it ends well, though each access would end it
kept()
{
	name=$1
	guest "$tmp/log" "$2" --idle-guard kill --stats "$tmp/stats" "$3"
	ok $? "$name: exit status 0" "$(cat "$tmp/log")"
	check "$name: the workload is ok" all_ok "$tmp/log" 1
	check "$name: the kernel reports nothing" is_clean "$tmp/log"
	[ "$(between tripwire)" = 0 ]
	ok $? "$name: nothing trips the wire" "$(between tripwire)"
}

kept sleeper sleeper,100 --idle=announce
[ "$(between idle_guarded)" -ge 100 ]
ok $? "sleeper: the guard was begun" "$(between idle_guarded)"
kept ring ring,100,4,60 --idle=announce
kept sleepers2 sleepers2,100 --idle=announce

allow_targets 1
kept "sleeper with targets" sleeper,100 --cr3-targets
[ "$(between idle_guarded)" -ge 100 ]
ok $? "sleeper with targets: the guard was begun" "$(between idle_guarded)"
[ "$(between cr3_loads)" -le 2 ]
ok $? "sleeper with targets: by no exit" "$(between cr3_loads) loads"
# Beside the halts, the tick's too, ARM_TIMER comes at times.  By hypercall the
# guard takes 100 of them, one for each halt.
calls=$(($(between hypercalls) - $(between idle_enters)))
[ $calls -le 50 ]
ok $? "sleeper with targets: by no hypercall" "$calls"
kept "sleepers2 with targets" sleepers2,100 --cr3-targets
allow_targets 0
finish
