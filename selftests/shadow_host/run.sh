#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run what `make all` built: the unit tests, the scripts of past failures, the
# random model, the fuzzer.
#
# Usage: run.sh DIR STEPS SEED FUZZ TEST...
# An empty SEED is a new one; the fuzzer runs FUZZ seconds, 0 not at all.
# What goes round in a list that a bug has closed to a ring has failed, too.
set -eu

LIMIT=60	# seconds for the tests of a program, and for a script

dir=$1
steps=$2
seed=$3
fuzz=$4
shift 4
log=$dir/check.log
: >"$log"

# tap COMMAND...: print its output, and keep it for the sums
tap()
{
	status=0
	"$@" >"$dir/one.log" 2>&1 || status=$?
	cat "$dir/one.log"
	cat "$dir/one.log" >>"$log"
	if [ "$status" != 0 ] && ! grep -q '^not ok' "$dir/one.log"; then
		echo "not ok - $* ended with status $status" | tee -a "$log"
	fi
}

cd "$(dirname "$0")"
for test; do
	echo "# $test"
	CMOCKA_MESSAGE_OUTPUT=TAP tap timeout $LIMIT "$dir/$test"
done
echo "# past failures"
for script in past/*.script; do
	tap timeout $LIMIT "$dir/shadow_model" --replay "$script"
done
echo "# random runs"
tap "$dir/shadow_model" --steps "$steps" ${seed:+--seed "$seed"}
if [ "$fuzz" != 0 ]; then
	echo "# fuzzer"
	tap ./fuzz.sh "$dir" "$fuzz" "$seed"
fi

passed=$(grep -c '^ok' "$log" || :)
failed=$(grep -c '^not ok' "$log" || :)
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
