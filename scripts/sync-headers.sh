#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Keep the guest's copy of hypercall/uapi/lull_para.h what it is: a copy.
#
# Usage: scripts/sync-headers.sh [--check]
#
# The copy is a new file in the first patch of guest-linux-patch/.  Without
# --check its text in the patch is replaced by the header's; with --check
# nothing is written, and the exit status says whether the two are the same.
set -eu
. "$(dirname "$0")/lib.sh"

header=$TOP/hypercall/uapi/lull_para.h
copy=arch/x86/include/uapi/asm/lull_para.h
check=

case ${1:-} in
'') ;;
--check) check=1 ;;
*) die "usage: scripts/sync-headers.sh [--check]" ;;
esac

# The patch that makes the copy
patch=$(grep -l "^+++ b/$copy\$" "$TOP"/guest-linux-patch/*.patch) ||
	die "no patch in guest-linux-patch/ makes $copy"

# The copy's text, out of the patch
text()
{
	awk -v file="+++ b/$copy" '
		/^diff --git / { inside = 0 }
		inside && /^\+/ { print substr($0, 2) }
		$0 == file { inside = 1 }' "$patch"
}

# The patch with the header's text, and counts and hash to go with it
rewrite()
{
	awk -v file="b/$copy" -v header="$header" \
	    -v hash="$(git hash-object "$header")" '
		function insert(line, n, text) {
			while ((getline line < header) > 0) {
				text = text "+" line "\n"
				n++
			}
			printf "@@ -0,0 +1,%d @@\n%s", n, text
		}
		/^diff --git / { inside = $4 == file; skip = 0 }
		inside && /^index / { $0 = "index 0000000.." substr(hash, 1, 7) }
		inside && /^@@ / { insert(); skip = 1 }
		skip && /^[-+ @]/ { next }
		{ print }' "$patch"
}

text | cmp -s - "$header" && exit 0
if [ -n "$check" ]; then
	text | diff -u --label "$copy in ${patch##*/}" --label "$header" \
		- "$header" >&2 || true
	die "the guest's header is not the VMM's: run scripts/sync-headers.sh"
fi
rewrite >"$patch.new"
# The statistics between the message and the diff count lines: redo them
git apply --stat --summary "$patch.new" >"$patch.stat"
awk -v statistics="$patch.stat" '
	/^---$/ && !done {
		print
		while ((getline line < statistics) > 0)
			print line
		print ""
		done = skip = 1
		next
	}
	/^diff --git / { skip = 0 }
	!skip { print }' "$patch.new" >"$patch.stated"
rm "$patch.new" "$patch.stat"
mv "$patch.stated" "$patch"
say "updated $patch"
