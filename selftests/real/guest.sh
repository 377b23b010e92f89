#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the guest, which init starts with lull.run=exec:/bin/real: the lines
# of /real/list that real= on the kernel's command line names, as GROUP or
# GROUP/PROGRAM with commas between, and then what the kernel has logged.  A
# command's output is printed when it failed.
PATH=/real/x86:/real/vm:/bin:/usr/bin
export PATH
wanted=$(sed -n 's/.*\<real=\([^ ]*\).*/,\1,/p' /proc/cmdline)
failed=0

for word in debugfs:/sys/kernel/debug hugetlbfs:/huge mqueue:/dev/mqueue \
		devpts:/dev/pts tmpfs:/dev/shm; do
	mkdir -p "${word#*:}"
	mount -t "${word%%:*}" none "${word#*:}" 2>/dev/null
done
ln -s /proc/self/fd /dev/fd
cd /real || exit 1

# is_wanted GROUP PROGRAM
is_wanted()
{
	case $wanted in
	*",$1,"*|*",$1/$2,"*) ;;
	*) return 1 ;;
	esac
}

# The pool of large pages is for those that want it: /proc has none otherwise
case $wanted in
*,vm,*) echo 40 >/proc/sys/vm/nr_hugepages ;;
esac

while read -r group program arguments; do
	is_wanted "$group" "$program" || continue
	case $arguments in
	'- '*) continue ;;
	esac
	title="$group $program${arguments:+ $arguments}"
	echo "begin $title"
	# shellcheck disable=SC2086 # words
	"$program" $arguments >/tmp/said 2>&1 </dev/null
	status=$?
	grep -qE '^(\[FAIL\]|not ok )' /tmp/said && [ $status = 0 ] && status=fail
	if [ $status = 0 ]; then
		echo "workload $title: ok"
		continue
	fi
	failed=1
	cat /tmp/said
	echo "workload $title: FAILED $status"
done <list
dmesg | sed 's/^/dmesg: /'
# The VMM is looked at now, while its guest is there.
echo "real: end"
sleep 3

exit $failed
