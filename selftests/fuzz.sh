#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run a fuzzer in the test machine again and again, each time with another
# seed, by turns with one CPU and one thread and with two CPUs and more threads
# than that.
#
# Usage: fuzz.sh PROGRAM COUNT SECONDS
#
#   PROGRAM  fuzz_ioctl or fuzz_guest
#   COUNT    of ioctls or runs, after which it ends
#   SECONDS  after which it ends, too
#
# In the environment SEED is the first seed (default: the time of day), HOST
# the kernel of scripts/vm (default: checkers), SLICE the seconds of its own
# time that a machine runs (default: 20).  Prints TAP; what each machine said
# is in out/log/fuzz/PROGRAM.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
program=$1
count=$2
seconds=$3
seed=${SEED:=$(date +%s)}
host=${HOST:-checkers}
slice=${SLICE:-20}
log=$top/out/log/fuzz/$program
bin=$top/out/selftests
WALL_PER_SECOND=60	# of the machine's time, when all is slow
WALL_FOR_LEAKS=1200	# to look for leaked memory, likewise

case $program in
fuzz_ioctl) unit=ioctls threads=3 ;;
fuzz_guest) unit=runs threads=2 ;;
*)
	echo "$program: not a fuzzer" >&2
	exit 2
	;;
esac
case $host in
checkers)
	"$top/scripts/build-module" --checkers
	module=$top/out/module-checkers/lull.ko
	tick=4000
	leaks=--leaks
	wall=$WALL_FOR_LEAKS
	;;
*)
	"$top/scripts/build-module"
	module=$top/out/module/lull.ko
	tick=600
	leaks=
	wall=60
	;;
esac
make -s -C "$top/selftests" O="$bin" "$bin/$program"
rm -rf "$log"
mkdir -p "$log"

# machine NUMBER SMP THREADS: one machine; its status
machine()
{
	# shellcheck disable=SC2086 # a word or none
	"$top/scripts/vm" run --host "$host" $leaks --cpu haswell --smp "$2" \
		--timeout $((wall + slice * WALL_PER_SECOND)) \
		--log "$log/$1.machine" \
		--file "$module" --file "$bin/$program" -- \
		"insmod lull.ko && ./$program --verbose --seed $((seed + $1)) \
			--threads $3 --seconds $slice --tick $tick" >"$log/$1.log" 2>&1
}

begun=$(date +%s)
number=0
total=0
failed=0
while [ "$total" -lt "$count" ] &&
	[ $(($(date +%s) - begun)) -lt "$seconds" ]; do
	if [ $((number % 2)) = 0 ]; then
		how="1 1"
	else
		how="2 $threads"
	fi
	status=0
	# shellcheck disable=SC2086 # two words
	machine $number $how || status=$?
	did=$(sed -n "s/^# \([0-9]*\) $unit, .*/\1/p" "$log/$number.log")
	total=$((total + ${did:-0}))
	number=$((number + 1))
	if [ $status = 0 ]; then
		echo "ok $number - seed $((seed + number - 1)): ${did:-0} $unit"
		rm -rf "$log/$((number - 1)).machine"
		continue
	fi
	failed=$((failed + 1))
	echo "not ok $number - seed $((seed + number - 1)): status $status," \
		"see $log/$((number - 1)).log"
done
echo "figure: $total $unit on $number machines, $failed failed"
echo "1..$number"
[ $failed = 0 ]
