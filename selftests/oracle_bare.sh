#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Is the access oracle right?  A sample of its cases without Lull, on the CPU
# models that the tests of Lull run on.  No mismatch is to be seen there.
#
# Usage: oracle_bare.sh [WORD...]	(oracle.sh; default: cases=16000)
set -eu

folder=$(dirname "$0")
cpus='penryn haswell broadwell_ult'
number=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
[ $# -gt 0 ] || set -- cases=16000

echo "1..$(echo "$cpus" | wc -w)"
for cpu in $cpus; do
	number=$((number + 1))
	status=0
	"$folder/oracle.sh" --bare --cpu "$cpu" --timeout 3600 "$@" >"$log" ||
		status=$?
	sed '/^#/!s/^/# /' "$log"
	sed -n "s/^# oracle:/figure: $cpu:/p" "$log"
	if [ $status = 0 ]; then
		echo "ok $number without Lull on $cpu"
	else
		failed=1
		echo "not ok $number without Lull on $cpu # exit=$status"
	fi
done
exit $failed
