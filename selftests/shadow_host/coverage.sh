#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Coverage of shadow/ by file, and the lines that were not reached.
#
# Usage: coverage.sh DIR   (the .gcno and .gcda files)
set -eu

cd "$1"
for file in audit cache fault notifier rmap sync walk; do
	gcov -b -o . "$file.o" 2>/dev/null |
	awk -v want="/shadow/$file.c'" '
		/^File/ { mine = index($0, want) }
		mine && /^Lines/ { sub(/.*:/, ""); lines = $0 }
		mine && /^Taken/ { sub(/.*:/, ""); branches = $0 }
		END { print lines "|" branches }' |
	sed "s,\(.*\)% of \(.*\)|\(.*\)% of \(.*\),\1 \2 \3 \4," |
	awk -v file="shadow/$file.c" '{
		printf "%-16s lines %6.2f%% of %3d  branches %6.2f%% of %3d\n",
			file, $1, $2, $3, $4
		print $1 * $2 / 100, $2, $3 * $4 / 100, $4 >"/dev/stderr"
	}' 2>>"$1/sums"
done
awk '{ l += $1; ln += $2; b += $3; bn += $4 }
	END { printf "%-16s lines %6.2f%% of %3d  branches %6.2f%% of %3d\n",
		"all", 100 * l / ln, ln, 100 * b / bn, bn }' "$1/sums"
rm -f "$1/sums"
echo "not reached:"
grep -H '#####' audit.c.gcov cache.c.gcov fault.c.gcov notifier.c.gcov \
	rmap.c.gcov sync.c.gcov walk.c.gcov |
	sed 's,^\([a-z]*\.c\)\.gcov: *#####: *,  shadow/\1:,' || :
