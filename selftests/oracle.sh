#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The access oracle (oracle/cases.h): every access to memory, foretold and
# compared, on Lull or on the emulated machine itself.
#
# Usage: oracle.sh --lull|--bare [--cpu MODEL] [--timeout S] [WORD...]
#
# WORDs: all, or part=I/N of all, or cases=N for a sample of about N numbers,
# or case=FIRST[-LAST] [how=0..11], as a mismatch is printed, to do it again;
# on Lull, targets or guard besides (oracle/README.rst).
# The default is a sample.  The last lines tell the counts; exit status 0 if
# there was no mismatch.  Broadwell is the model that has all control bits.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/out/selftests
where=
cpu=broadwell_ult
timeout=600

usage()
{
	sed -n '6,12s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--lull|--bare) where=$1 ;;
	--cpu|--timeout)
		[ $# -gt 1 ] || usage
		if [ "$1" = --cpu ]; then cpu=$2; else timeout=$2; fi
		shift
		;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ -n "$where" ] || usage

if [ "$where" = --bare ]; then
	make -s -C "$top/selftests" "O=$out" "$out/oracle.elf"
	exec "$top/scripts/vm" boot --cpu "$cpu" --timeout "$timeout" \
		"$out/oracle.elf" "$@"
fi
make -s -C "$top/selftests" "O=$out" "$out/pt_access"
module=$("$top/scripts/build-module")
exec "$top/scripts/vm" run --cpu "$cpu" --timeout "$timeout" \
	--file "$module" --file "$out/pt_access" -- \
	"insmod lull.ko && ./pt_access $*"
