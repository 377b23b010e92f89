#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Explore the handshake's model: all of it without an error, and each planted
# bug found.  TAP.
#
# Usage: selftests/model.sh [BUG_NAME]    only that bug, with its trail
set -eu
. "$(dirname "$0")/../scripts/lib.sh"

model=$TOP/hypercall/model/idle.pml
dir=$OUT/model
nr=0
failed=0

# explore NAME [OPTION...]: the verifier's report in $dir/NAME/report
explore()
{
	rm -rf "${dir:?}/$1"
	mkdir -p "$dir/$1"
	(
		cd "$dir/$1"
		shift
		spin "$@" -a "$model"
		gcc -O1 -w -DSAFETY -DCOLLAPSE -o pan pan.c
		./pan -E -m1000000 >report
	)
}

# result OK WHAT: a line of TAP
result()
{
	nr=$((nr + 1))
	if [ "$1" = 1 ]; then
		echo "ok $nr - $2"
	else
		echo "not ok $nr - $2"
		failed=1
	fi
}

errors()
{
	sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$dir/$1/report"
}

# All states visited: no limit was reached
is_complete()
{
	! grep -qE 'max search depth too small|Search not completed|aborted' \
		"$dir/$1/report"
}

bugs()
{
	sed -n 's/^#if.*def \(BUG_[A-Z0-9_]*\)$/\1/p' "$model" | sort -u
}

command -v spin >/dev/null || die "spin is missing: run scripts/deps"
if [ $# = 1 ]; then
	explore "$1" "-D$1"
	cat "$dir/$1/report"
	cd "$dir/$1"
	spin "-D$1" -t -p -g "$model"
	exit
fi

# shellcheck disable=SC2046 # names without blanks
set -- $(bugs)
echo "TAP version 13"
echo "1..$(($# + 2))"
explore model
grep -E 'states, stored|depth reached' "$dir/model/report" | sed 's/^/# /'
is_complete model && ok=1 || ok=0
result "$ok" "the whole state space is explored"
[ "$(errors model)" = 0 ] && ok=1 || ok=0
result "$ok" "no errors"
for bug; do
	explore "$bug" "-D$bug"
	[ "$(errors "$bug")" = 1 ] && ok=1 || ok=0
	result "$ok" "found: $bug"
done
exit $failed
