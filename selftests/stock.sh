#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The unpatched kernel of the same version and configuration boots to the same
# init, and runs the same workloads; and the patched one in each arm.
#
# Guards against: a machine that only a guest can live in that knows it.
. "$(dirname "$0")/lib.sh"
need LULL LULL_BZIMAGE LULL_BZIMAGE_STOCK LULL_INITRD

WORKLOADS=sleeper,20+sleepers2,20+sender,20+ring,50

# boot NAME KERNEL ARM
boot()
{
	LULL_BZIMAGE=$2
	guest "$tmp/$1" $WORKLOADS --idle "$3" --stats "$tmp/$1.json"
	status=$?
	ok $status "$1 kernel, --idle $3: exit status 0" "status $status
$(cat "$tmp/$1")"
	check "$1 kernel, --idle $3: all workloads are ok" \
		all_ok "$tmp/$1" 4
}

patched=$LULL_BZIMAGE
boot stock "$LULL_BZIMAGE_STOCK" stock
# what is offered does not matter to a kernel that does not ask
boot stock-offered "$LULL_BZIMAGE_STOCK" announce
for arm in ${1:-eager lazy announce}; do
	boot "patched-$arm" "$patched" "$arm"
done
finish
