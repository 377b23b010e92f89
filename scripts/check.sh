#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The checks that run none of the project's code.
#
# Usage: scripts/check.sh [--list | CHECK...]
#
# Prints one line PASS, FAIL or SKIP for each, and the counts at the end.
# Exceptions, each with its reason, are in scripts/check-exceptions.
# shellcheck disable=SC2317 # the checks are called by name
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/check-lib.sh"

checks='build sparse checkpatch kernel-doc functions headers include-graph
	spdx shellcheck python guest-patches series sync-headers'
kernel_code='monitor/*.[chS] vmx/*.[chS] shadow/*.[chS] hypercall/*.[chS]'
c_code="$kernel_code launcher/*.[ch] selftests/*.[ch] scripts/*.[ch]"

check_build()
{
	log=$CHECK_LOGS/build.log
	: >"$log"
	status=0
	for debug in 0 1; do
		"$TOP/scripts/build-module" --dir "$CHECK_OUT/w1.$debug" W=1 \
			KCFLAGS=-Werror DEBUG=$debug >>"$log" 2>&1 || status=1
	done
	verdict "build (W=1, warnings are errors)" "$log" $status
}

# sparse on every file, compiled or not; without sparse C=2 breaks the build
check_sparse()
{
	log=$CHECK_LOGS/sparse.log
	skip_unless sparse sparse || return 0
	status=0
	"$TOP/scripts/build-module" --dir "$CHECK_OUT/sparse" DEBUG=1 C=2 \
		CF=-D__CHECK_ENDIAN__ >"$log" 2>&1 || status=1
	! grep -qE '^[a-z/_0-9]+\.[chS]:.*(warning|error):' "$log" || status=1
	verdict "sparse" "$log" $status
}

check_checkpatch()
{
	log=$CHECK_LOGS/checkpatch.log
	scripts=$(kernel_scripts) || {
		result SKIP checkpatch "linux-source-6.1 is not installed"
		return 0
	}
	status=0
	# shellcheck disable=SC2086 # patterns
	sources $c_code | xargs -r -P 2 -n 8 "$TOP/scripts/check-style" \
		"$scripts" >"$log" 2>&1 || status=1
	verdict checkpatch "$log" $status
}

check_kernel_doc()
{
	log=$CHECK_LOGS/kernel-doc.log
	scripts=$(kernel_scripts) || {
		result SKIP kernel-doc "linux-source-6.1 is not installed"
		return 0
	}
	status=0
	# shellcheck disable=SC2086 # patterns
	(cd "$TOP" && sources $kernel_code | grep -v '\.S$' |
		xargs -r perl "$scripts/kernel-doc" -none -Werror) \
		>"$log" 2>&1 || status=1
	verdict kernel-doc "$log" $status
}

# Lengths of functions and files, and kernel-doc on what is not static
check_functions()
{
	log=$CHECK_LOGS/functions.log
	status=0
	# shellcheck disable=SC2086 # patterns
	(cd "$TOP" && sources $c_code 'scripts/*' 'selftests/*' |
		xargs -r python3 scripts/check-functions "$EXCEPTIONS") \
		>"$log" 2>&1 || status=1
	verdict "functions (lengths, kernel-doc present)" "$log" $status
}

check_headers()
{
	log=$CHECK_LOGS/headers.log
	status=0
	"$TOP/scripts/check-headers" >"$log" 2>&1 || status=1
	verdict "headers (each compiles alone)" "$log" $status
}

check_include_graph()
{
	log=$CHECK_LOGS/include-graph.log
	status=0
	"$TOP/scripts/include-graph.sh" >"$log" 2>&1 || status=1
	verdict include-graph "$log" $status
}

check_spdx()
{
	log=$CHECK_LOGS/spdx.log
	sources '*' | while read -r file; do
		[ -z "$(excepted spdx "$file")" ] || continue
		head -n 3 "$TOP/$file" | grep -q SPDX-License-Identifier ||
			echo "$file: no SPDX line"
	done >"$log"
	status=0
	[ ! -s "$log" ] || status=1
	verdict spdx "$log" $status
}

check_shellcheck()
{
	log=$CHECK_LOGS/shellcheck.log
	skip_unless shellcheck shellcheck || return 0
	status=0
	(cd "$TOP" && sources '*' | while read -r file; do
		head -n 1 "$file" | grep -aqE '^#!.*[/ ](sh|bash)\b' ||
			head -n 3 "$file" | grep -aq '^# shellcheck shell=' ||
			continue
		echo "$file"
	done | xargs -r shellcheck) >"$log" 2>&1 || status=1
	verdict shellcheck "$log" $status
}

check_python()
{
	log=$CHECK_LOGS/python.log
	status=0
	(cd "$TOP" && sources '*' | while read -r file; do
		head -n 1 "$file" | grep -aq '^#!.*python3' ||
			[ "${file%.py}" != "$file" ] || continue
		echo "$file"
	done | PYTHONPYCACHEPREFIX=$OUT/pycache xargs -r python3 -W error \
		-m py_compile) >"$log" 2>&1 || status=1
	verdict python "$log" $status
}

# The patches of the guest, as a maintainer would check them
check_guest_patches()
{
	log=$CHECK_LOGS/guest-patches.log
	scripts=$(kernel_scripts) || {
		result SKIP guest-patches "linux-source-6.1 is not installed"
		return 0
	}
	patches=$(sources 'guest-linux-patch/*.patch')
	[ -n "$patches" ] || {
		result SKIP guest-patches "there are no patches"
		return 0
	}
	for patch in $patches; do
		ignored=$(excepted guest-patches "$patch" | paste -sd,)
		perl "$scripts/checkpatch.pl" --no-tree --strict --terse \
			--quiet --no-summary ${ignored:+"--ignore=$ignored"} \
			"$TOP/$patch" || :
	done >"$log" 2>&1
	status=0
	[ ! -s "$log" ] || status=1
	verdict guest-patches "$log" $status
}

check_series()
{
	log=$CHECK_LOGS/series.log
	[ -n "$(sources 'guest-linux-patch/*.patch')" ] || {
		result SKIP series "there are no patches"
		return 0
	}
	status=0
	"$TOP/scripts/check-series" >"$log" 2>&1 || status=1
	verdict "series (applies to linux-source-6.1)" "$log" $status
}

check_sync_headers()
{
	log=$CHECK_LOGS/sync-headers.log
	[ -n "$(sources 'guest-linux-patch/*.patch')" ] || {
		result SKIP sync-headers "there are no patches"
		return 0
	}
	status=0
	"$TOP/scripts/sync-headers.sh" --check >"$log" 2>&1 || status=1
	verdict sync-headers "$log" $status
}

if [ "${1:-}" = --list ]; then
	echo "$checks" | xargs -n 1
	exit 0
fi
# Where git tells no names, the checks would look at nothing, and pass
[ -n "$(git -C "$TOP" ls-files)" ] || die "git tells no files of $TOP"
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $checks
for check; do
	case " $(echo "$checks" | xargs) " in
	*" $check "*) ;;
	*) die "no check named $check; --list names them" ;;
	esac
	"check_$(echo "$check" | tr - _)"
done
printf '%s\n%s' "$passed $failed $skipped" "$failures" \
	>"$CHECK_OUT/static.counts"
echo "static checks: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
