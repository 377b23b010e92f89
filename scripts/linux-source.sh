# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by scripts that build a kernel from Debian's linux-source-6.1, after
# lib.sh.
#
# Environment: LULL_LINUX_SOURCE names another copy of the tarball.

tarball=${LULL_LINUX_SOURCE:-/usr/src/linux-source-6.1.tar.xz}

# What no x86 build reads, and no patch of the guest's series changes
unneeded='*/Documentation/devicetree/*
*/Documentation/translations/*
*/drivers/gpu/drm/amd/*.[ch]
*/arch/*/boot/dts/*
*/tools/testing/*'

# The tarball's checksum, which is slow to compute, by its size and mtime
tarball_sum()
{
	[ -r "$tarball" ] ||
		die "$tarball is missing: run scripts/deps (package linux-source-6.1)"
	stamp=$OUT/guest/tarball.sum
	id=$(stat -Lc '%n %s %Y' "$tarball")
	if [ "$(sed -n 2p "$stamp" 2>/dev/null)" != "$id" ]; then
		sum=$(sha256sum "$tarball")
		printf '%s\n%s\n' "${sum%% *}" "$id" >"$stamp.$$"
		mv "$stamp.$$" "$stamp"
	fi
	sed -n 1p "$stamp"
}

# source_path SUM: where the tree of a tarball is, or will be, unpacked
source_path()
{
	echo "$OUT/guest/source-$(echo "$1 $unneeded" |
		sha256sum | cut -c 1-12)"
}

# unpack DIR: the tarball's tree without the unneeded parts; older ones go.
# Context: $OUT/guest/lock held.
unpack()
{
	say "unpacking $tarball"
	rm -rf "$OUT"/guest/source-*
	mkdir -p "$1.new"
	printf '%s\n' "$unneeded" >"$1.new.unneeded"
	xz -dc -T0 "$tarball" |
		tar -x -C "$1.new" --strip-components=1 -X "$1.new.unneeded" ||
		die "cannot unpack $tarball"
	rm "$1.new.unneeded"
	mv "$1.new" "$1"
}

# kmake ARGUMENT...: kbuild, from $source in $work/build, with its output in
# $log; equal sources give equal kernels
# shellcheck disable=SC2154 # the caller sets them
kmake()
{
	logged "$log" nice -n 5 make -C "$source" O="$work/build" \
		ARCH=x86_64 KBUILD_BUILD_USER=lull KBUILD_BUILD_HOST=lull \
		KBUILD_BUILD_TIMESTAMP='Thu Jan 1 00:00:00 UTC 1970' "$@"
}

# configure: the lines of $work/wanted over allnoconfig.  Kconfig drops what
# it does not know or allow without a word: that fails here.
configure()
{
	mkdir -p "$work/build"
	kmake KCONFIG_ALLCONFIG="$work/wanted" allnoconfig || return 1
	grep -E '^(CONFIG_|# CONFIG_.* is not set)' "$work/wanted" |
		while read -r line; do
			grep -qxF -- "$line" "$work/build/.config" && continue
			case $line in
			'# '*)
				name=${line#\# }
				name=${name%% *}
				grep -q "^$name=" "$work/build/.config" ||
					continue
				;;
			esac
			echo "$line"
		done >"$work/refused"
	[ -s "$work/refused" ] || return 0
	say "not taken over by Kconfig: $(tr '\n' ' ' <"$work/refused")"
	return 1
}
