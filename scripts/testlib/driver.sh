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

# module loaded|none: load or remove lull.ko
module()
{
	if grep -q '^lull ' /proc/modules; then
		[ "$1" = loaded ] || rmmod lull
	else
		[ "$1" = none ] || insmod "$LULL_MODULE"
	fi
}

while read -r title timeout module command; do
	echo "=== BEGIN $title"
	# a warning, so that it is on the console too
	echo "<4>lull-test: begin $title" >/dev/kmsg
	if module "$module"; then
		timeout -s KILL "$timeout" sh -c "$command" </dev/null 2>&1
		status=$?
	else
		echo "cannot bring the module to the state \"$module\""
		status=1
	fi
	echo
	echo "=== END $title $status"
done <list
