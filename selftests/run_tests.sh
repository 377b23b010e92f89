#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run tests on this machine: behind `make -C selftests run_tests`.
#
# Usage: run_tests.sh TEST...
#
# Prints TAP, one result for each, with each test's own output as comments.
# Exit status 1 if one failed.

echo "TAP version 13"
echo "1..$#"
number=0
failed=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT
trap 'exit 130' INT TERM
for test; do
	number=$((number + 1))
	name="selftests: lull: $(basename "$test")"
	echo "# $name"
	case $test in
	*.sh) sh "$test" >"$output" 2>&1 ;;
	*) "$test" >"$output" 2>&1 ;;
	esac
	status=$?
	sed 's/^/# /' "$output"
	case $status in
	0) echo "ok $number $name" ;;
	4) echo "ok $number $name # SKIP" ;;
	*)
		echo "not ok $number $name # exit=$status"
		failed=1
		;;
	esac
done
exit $failed
