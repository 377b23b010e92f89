#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `lull run --kernel IMAGE` with a Multiboot image: unpaged, 64-bit, unpaged,
# 64-bit; its console, its exit status; and images that cannot be.
#
# Guards against: a start that is not Multiboot's, information that lies about
# command line or modules, a mode switch that loses state or memory, an exit
# status that is not the guest's.
# shellcheck disable=SC2317 # called by check()
. "$(dirname "$0")/lib.sh"
need LULL LULL_MULTIBOOT
image=$LULL_MULTIBOOT

# status WANTED PATTERN OPTION...: does the image end so, and say so?
status()
{
	wanted=$1
	pattern=$2
	shift 2
	"$LULL" run --kernel "$image" --mem 16M "$@" </dev/null \
		>"$tmp/console" 2>&1
	status=$?
	echo "status $status"
	cat "$tmp/console"
	[ "$status" = "$wanted" ] && grep -q -e "$pattern" "$tmp/console"
}

# refused PATTERN OPTION...: status 1, one line that matches
refused()
{
	pattern=$1
	shift
	"$LULL" run "$@" </dev/null >"$tmp/said" 2>&1
	status=$?
	echo "status $status"
	cat "$tmp/said"
	[ "$status" = 1 ] && [ "$(wc -l <"$tmp/said")" = 1 ] &&
		grep -q -e "$pattern" "$tmp/said"
}

echo "Xylophone" >"$tmp/one"
echo "yes" >"$tmp/two"

check "unpaged, 64-bit, unpaged, 64-bit" status 42 "all as expected"
check "the status that the guest chose" status 7 "all as expected" \
	--append status=7
check "status 0 is one too" status 0 "all as expected" --append "a status=0"
check "the command line" status 42 "^command line: $image one two" \
	--append "one two"
check "a module" status 42 "^module: $tmp/one a b begins with X" \
	--module "$tmp/one,a b"
check "two modules" status 42 "^module: $tmp/two begins with y" \
	--module "$tmp/one" --module "$tmp/two"
check "more than 3 GiB" status 42 "all as expected" --mem 5G
check "32-bit paging ends it" status 4 "switches to 32-bit paging, which" \
	--append paging32

head -c 6000 "$image" >"$tmp/short"
check "cut off" refused "$tmp/short: truncated" --kernel "$tmp/short"
check "an initrd" refused "takes --module" --kernel "$image" \
	--initrd "$tmp/one"
check "no such module" refused "$tmp/none: No such file" --kernel "$image" \
	--module "$tmp/none,x"
check "too little memory" refused "--mem: .*beyond guest memory" \
	--kernel "$image" --mem 1M
finish
