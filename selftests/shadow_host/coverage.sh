#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Coverage of shadow/ by file.  Lines not reached must be named, with a reason,
# in the file uncovered: "file: text of the line | reason".
#
# Usage: coverage.sh DIR   (the .gcno and .gcda files)
#
# The last line is "N passed, N failed, 0 skipped".
set -eu

want_lines=95
want_branches=85
files='audit cache fault hot leaf notifier pool rmap root sync targets tripwire walk'
list=$(cd "$(dirname "$0")" && pwd)/uncovered
cd "$1"
: >sums
: >missed

# one FILE: its figures to sums, the lines it misses to missed
one()
{
	gcov -b -o . "$1.o" 2>/dev/null |
	awk -v want="/shadow/$1.c'" '
		/^File/ { mine = index($0, want) }
		mine && /^Lines/ { sub(/.*:/, ""); lines = $0 }
		mine && /^Taken/ { sub(/.*:/, ""); branches = $0 }
		END { print lines " " branches }' |
	sed 's/%//g; s/ of / /g' >>sums
	tail -n 1 sums | awk -v file="shadow/$1.c" '{
		printf "%-18s lines %6.2f%% of %3d  branches %6.2f%% of %3d\n",
			file, $1, $2, $3, $4 }'
	sed -n "s/^ *#####: *[0-9]*:[[:space:]]*/$1.c: /p" "$1.c.gcov" >>missed
}

for file in $files; do
	one "$file"
done
passed=0
failed=0

# check WHAT PERCENT WANTED
check()
{
	if awk -v got="$2" -v want="$3" 'BEGIN { exit !(got >= want) }'; then
		echo "ok - $1 $2 % (at least $3 %)"
		passed=$((passed + 1))
	else
		echo "not ok - $1 $2 % (at least $3 %)"
		failed=$((failed + 1))
	fi
}

# shellcheck disable=SC2046 # four words
set -- $(awk '{ l += $1 * $2; ln += $2; b += $3 * $4; bn += $4 }
	END { printf "%.2f %d %.2f %d", l / ln, ln, b / bn, bn }' sums)
check "lines of shadow/ covered ($2):" "$1" $want_lines
check "branches of shadow/ taken ($4):" "$3" $want_branches

# Lines named there, compared as text: numbers change too often
grep -v '^#' "$list" | sed 's/ *|.*//' | sort -u >named
sort -u missed | comm -23 - named >unnamed
sort -u missed | while read -r line; do
	grep -F "$line |" "$list" || :
done | sed 's/^/# not reached: /'
if [ -s unnamed ]; then
	sed 's/^/# not reached, and not named: /' unnamed
	echo "not ok - every line not reached is named in $list"
	failed=$((failed + 1))
else
	echo "ok - every line not reached is named, with its reason"
	passed=$((passed + 1))
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
