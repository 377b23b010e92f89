# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by scripts/check.sh: results, exceptions, file lists.

CHECK_OUT=$OUT/check
CHECK_LOGS=$LOGS/check
EXCEPTIONS=$TOP/scripts/check-exceptions
passed=0
failed=0
skipped=0
failures=
mkdir -p "$CHECK_OUT" "$CHECK_LOGS"

# result PASS|FAIL|SKIP NAME [TEXT]
result()
{
	case $1 in
	PASS) passed=$((passed + 1)) ;;
	FAIL)
		failed=$((failed + 1))
		failures="$failures${2%% *}
"
		;;
	SKIP) skipped=$((skipped + 1)) ;;
	esac
	printf '[%4ds] %s %s%s\n' "$(($(date +%s) - STARTED))" "$1" "$2" \
		"${3:+: $3}"
}

# verdict NAME LOG STATUS: pass, or fail and show the log's beginning
verdict()
{
	if [ "$3" = 0 ]; then
		result PASS "$1"
	else
		head -n 40 "$2" | sed 's/^/    /'
		result FAIL "$1" "see $2"
	fi
}

# skip_unless NAME COMMAND: is COMMAND there?  A SKIP says what is missing.
skip_unless()
{
	command -v "$2" >/dev/null && return 0
	result SKIP "$1" "$2 is not installed (scripts/deps)"
	return 1
}

# sources PATTERN...: tracked and new files of the repository
sources()
{
	(cd "$TOP" && git ls-files --cached --others --exclude-standard \
		-- "$@" | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done)
}

# excepted CHECK PATH: the third words of the exceptions that apply
excepted()
{
	sed -e 's/#.*//' "$EXCEPTIONS" |
		while read -r check pattern what; do
			[ "$check" = "$1" ] || continue
			# shellcheck disable=SC2254 # a pattern
			case $2 in
			$pattern) echo "${what:--}" ;;
			esac
		done
}

# Scripts of the kernel's tree that its headers package lacks
kernel_scripts()
{
	dir=$CHECK_OUT/kernel-scripts
	tarball=/usr/src/linux-source-6.1.tar.xz
	[ -f "$tarball" ] || return 1
	if ! is_current "$dir/stamp" "$tarball"; then
		rm -rf "$dir"
		mkdir -p "$dir"
		tar -C "$dir" --strip-components=2 -xf "$tarball" \
			linux-source-6.1/scripts/checkpatch.pl \
			linux-source-6.1/scripts/const_structs.checkpatch \
			linux-source-6.1/scripts/kernel-doc \
			linux-source-6.1/scripts/spdxcheck.py \
			linux-source-6.1/scripts/spelling.txt || return 1
		mkdir "$dir/include"	# checkpatch looks for names there
		touch "$dir/stamp"
	fi
	echo "$dir"
}
