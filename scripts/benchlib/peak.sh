# SPDX-License-Identifier: GPL-2.0-only
# Runs in the test machine: peak FILE COMMAND... writes the most kernel memory
# that the command's cgroup had to FILE, in bytes.  What every process has, page
# tables of its own and kernel stacks, is not counted.
cgroup=/sys/fs/cgroup/peak

if ! [ -e /sys/fs/cgroup/cgroup.subtree_control ]; then
	mount -t cgroup2 none /sys/fs/cgroup || exit 1
fi
echo +memory >/sys/fs/cgroup/cgroup.subtree_control || exit 1

charged()
{
	while read -r what bytes; do
		case $what in
		kernel) total=$bytes ;;
		kernel_stack) stacks=$bytes ;;
		pagetables) tables=$bytes ;;
		esac
	done <$cgroup/memory.stat
	echo $((total - stacks - tables))
}

peak()
{
	file=$1
	most=0
	shift
	mkdir -p $cgroup || exit 1
	# shellcheck disable=SC2016 # for the shell that it is given to
	sh -c 'echo $$ >"$0"/cgroup.procs; exec "$@"' $cgroup "$@" &
	running=$!
	while ! grep -q 'populated 1' $cgroup/cgroup.events; do
		usleep 1000
	done
	while grep -q 'populated 1' $cgroup/cgroup.events; do
		now=$(charged)
		[ "$now" -le "$most" ] || most=$now
		usleep 20000
	done
	wait $running || exit 1
	rmdir $cgroup
	echo "$most" >"$file"
}
