# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by the other scripts: where things are, and how progress is told.
#
# TOP is the repository (the scripts are one folder below it), OUT its build
# products, LOGS the logs.  Progress goes to stderr, so that a script's stdout
# stays its result.

TOP=$(cd "$(dirname "$0")/.." && pwd)
OUT=$TOP/out
# shellcheck disable=SC2034 # used by the scripts that source this file
LOGS=$OUT/log
STARTED=$(date +%s)
mkdir -p "$LOGS"
# dash runs no EXIT trap when a signal ends it
trap 'exit 130' INT TERM

# say TEXT: one progress line, with the seconds since the script started
say()
{
	printf '[%4ds] %s: %s\n' "$(($(date +%s) - STARTED))" \
		"$(basename "$0")" "$*" >&2
}

# die TEXT: say why the script stops, and stop
die()
{
	say "error: $*"
	exit 1
}

# make and lists of paths take blanks and colons for ends of names
case $TOP in
*[[:space:]:]*) die "$TOP: the path may have no blank and no colon" ;;
esac

# logged LOG COMMAND...: run with the output in LOG; on failure show its end
logged()
{
	log=$1
	shift
	"$@" >>"$log" 2>&1 && return 0
	tail -n 15 "$log" >&2
	say "failed: $* (log: $log)"
	return 1
}

# is_current FILE SOURCE: does FILE exist, and is SOURCE not newer?
is_current()
{
	[ -e "$1" ] && [ -z "$(find "$2" -newer "$1")" ]
}

# python_tool MODULE ARGUMENT...: become a program of scripts/*lib, when the
# packages are installed
python_tool()
{
	program=$1
	shift
	"$TOP/scripts/deps"
	LULL_STARTED=$STARTED
	LULL_TOOL=$(basename "$0")
	PYTHONPATH=$TOP/scripts
	PYTHONPYCACHEPREFIX=$OUT/pycache
	export LULL_STARTED LULL_TOOL PYTHONPATH PYTHONPYCACHEPREFIX
	exec python3 -m "$program" "$@"
}
