#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Check the direction of dependencies between the folders, by their #includes.
#
# Usage: scripts/include-graph.sh
#
# For each folder, what it may include; and words that show a dependency
# which no #include tells.
set -eu
. "$(dirname "$0")/lib.sh"

uapi='monitor/uapi/lull.h hypercall/uapi/lull_para.h'
complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT

# includes FILE: what it includes; "x.h" without a folder is its own
includes()
{
	folder=$(dirname "$1")
	sed -n 's/^[ \t]*#[ \t]*include[ \t]*\([<"][^>"]*\)[>"].*/\1/p' "$1" |
		while read -r name; do
			case $name in
			\"../*) echo "${name#\"../}" ;;
			\"*/*) echo "${name#\"}" ;;
			\"*) echo "$folder/${name#\"}" ;;
			*) echo "$name" ;;
			esac
		done
}

# check_folder PATTERN FILE...: each include must match one of the patterns
check_folder()
{
	allowed=$1
	shift
	for file; do
		[ -f "$file" ] || continue
		includes "$file" | while read -r name; do
			matches "$name" || echo "$file: may not include $name"
		done
	done >>"$complaints"
}

# matches NAME: does it match one of $allowed?
matches()
{
	set -f
	for pattern in $allowed; do
		# shellcheck disable=SC2254 # a pattern
		case $1 in
		$pattern)
			set +f
			return 0
			;;
		esac
	done
	set +f
	return 1
}

# check_words REGEX FILE...: none of these words outside comments
check_words()
{
	words=$1
	shift
	for file; do
		[ -f "$file" ] || continue
		# the kernel-doc and comment lines begin with " *" or "/*"
		grep -nE "$words" "$file" | grep -vE '^[0-9]+:[ \t]*(/?\*|//)' |
			sed "s|^|$file:|; s|\$| (not in this folder)|"
	done >>"$complaints"
}

cd "$TOP"
check_folder '<linux/types.h <linux/ioctl.h' monitor/uapi/*.h \
	hypercall/uapi/*.h
check_folder "<linux/* <trace/define_trace.h shadow/* monitor/types.h" \
	shadow/*.[chS]
check_words '\<(vmcs|VMCS|vmread|vmwrite|read_cr3|write_cr3|current->|copy_(to|from)_user|(get|put)_user)\>' \
	shadow/*.[ch]
check_folder "<* vmx/* monitor/types.h $uapi" vmx/*.[chS]
check_words '\<(gfn|memslot|lull_slot|lull_vm|LULL_HC_[A-Z_]+)\>' vmx/*.[ch]
check_folder "<* hypercall/* monitor/types.h shadow/shadow.h $uapi" \
	hypercall/*.[chS]
check_words '\<(vmcs|VMCS|vmread|vmwrite|struct file)\>' hypercall/*.[ch]
check_folder "<* monitor/* vmx/vmx.h shadow/shadow.h hypercall/hypercall.h $uapi" \
	monitor/*.[chS]
check_folder "<* launcher/* $uapi" launcher/*.[ch]
check_folder "<* selftests/* lib/* fuzz/* oracle/* $uapi" selftests/*.[ch] \
	selftests/lib/*.[ch] selftests/fuzz/*.[ch]
# The oracle knows nothing of what it judges
check_folder "<* lib/* oracle/*" selftests/oracle/*.[chS]
check_folder "<* selftests/* shadow/* monitor/types.h $uapi" \
	selftests/shadow_host/*.[ch]

cat "$complaints"
[ ! -s "$complaints" ]
