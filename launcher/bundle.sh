#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# bundle.sh PROGRAM DIR: put PROGRAM into DIR/usr/bin and each shared library
# that it loads where its name says, so that DIR can be laid over any root.
set -eu

if [ $# -ne 2 ]; then
	echo "usage: bundle.sh PROGRAM DIR" >&2
	exit 1
fi
program=$1
dir=$2
list=$(ldd "$program")
case $list in
*"not found"*)
	echo "bundle.sh: $program: a library is missing:" >&2
	echo "$list" | grep "not found" >&2
	exit 1
	;;
esac
rm -rf "$dir"
mkdir -p "$dir/usr/bin"
cp "$program" "$dir/usr/bin/"
strip "$dir/usr/bin/${program##*/}"
echo "$list" | grep -o '/[^ ]*' | while read -r lib; do
	mkdir -p "$dir${lib%/*}"
	cp -L "$lib" "$dir$lib"
done
