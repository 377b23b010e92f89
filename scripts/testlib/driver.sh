#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the test machine: the tests of the file "list", one a line, as
#   TITLE TIMEOUT loaded|none COMMAND...
# with marks around the output of each that scripts/testlib/batch.py reads.
LULL=/work/lull
LULL_MODULE=/work/lull.ko
LULL_BZIMAGE=/work/bzImage
LULL_BZIMAGE_STOCK=/work/bzImage-stock
LULL_VMLINUZ=/work/vmlinuz
LULL_INITRD=/work/initrd
LULL_MULTIBOOT=/work/modes
LULL_EXAMPLE=/work/example.elf
LULL_REAL_BZIMAGE=/work/bzImage-real
LULL_REAL_INITRD=/work/initrd-real
LULL_REAL_LIST=/work/real.list
LULL_BROKEN_BZIMAGE=/work/bzImage-broken
LULL_BROKEN_MAP=/work/System.map-broken
PATH=/work:$PATH
export LULL LULL_MODULE LULL_BZIMAGE LULL_BZIMAGE_STOCK LULL_VMLINUZ
export LULL_INITRD LULL_MULTIBOOT LULL_EXAMPLE PATH
export LULL_REAL_BZIMAGE LULL_REAL_INITRD LULL_REAL_LIST
export LULL_BROKEN_BZIMAGE LULL_BROKEN_MAP
KILLED=137		# the status of what SIGKILL ended

# module loaded|none: load or remove lull.ko
module()
{
	if grep -q '^lull ' /proc/modules; then
		[ "$1" = loaded ] || rmmod lull
	else
		[ "$1" = none ] || insmod "$LULL_MODULE"
	fi
}

# end_group PGID: what a test left that was killed, such as its guests
end_group()
{
	while kill -KILL "-$1" 2>/dev/null; do
		sleep 0.1
	done
}

while read -r title timeout module command; do
	echo "=== BEGIN $title"
	# a warning, so that it is on the console too
	echo "<4>lull-test: begin $title" >/dev/kmsg
	if module "$module"; then
		# shellcheck disable=SC2016 # for the inner shell
		timeout -s KILL "$timeout" setsid \
			sh -c 'echo $$ >/tmp/group; eval "$1"' sh "$command" \
			</dev/null 2>&1
		status=$?
		[ $status != $KILLED ] || end_group "$(cat /tmp/group)"
	else
		echo "cannot bring the module to the state \"$module\""
		status=1
	fi
	echo
	echo "=== END $title $status"
done <list
