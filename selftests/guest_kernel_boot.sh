#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest kernels where there is no Lull: on QEMU's emulated CPU and in
# plain Bochs.  The series must change nothing there that it is not asked to.
#
# Usage: selftests/guest_kernel_boot.sh
#
# Prints TAP; the console of each boot is in out/log/guest-boot/.
set -eu
TOP=$(cd "$(dirname "$0")/.." && pwd)
OUT=$TOP/out
LOGS=$OUT/log/guest-boot
SECONDS_MAX=120
# The first warms up for 1.5 s: by then the kernel has settled its clocks, and
# said so on a console that may be slow
WORKLOADS=sleeper,40,5000,300+sleepers2,40+sender,40
tests=0
failed=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$LOGS"

# ok STATUS NAME
ok()
{
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests $2"
	else
		failed=$((failed + 1))
		echo "not ok $tests $2"
	fi
}


# on_qemu KERNEL CPU APPEND: console to stdout, the guest's own status
on_qemu()
{
	ended=0
	timeout $SECONDS_MAX qemu-system-x86_64 -nodefaults -display none \
		-machine pc,accel=tcg -cpu "$2" -m 64 -no-reboot \
		-icount shift=4,sleep=off -serial stdio \
		-kernel "$1" -initrd "$initrd" -append "$3" \
		-device isa-debug-exit,iobase=0xf4,iosize=1 </dev/null ||
		ended=$?
	# the device ends QEMU with twice the status, plus 1
	[ "$ended" = 1 ]
}

bochs_settings()
{
	cat <<-EOT
		plugin_ctrl: speaker=0, serial=1, unmapped=1, biosdev=1
		config_interface: textconfig
		display_library: term
		romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
		vgaromimage: file=/usr/share/vgabios/vgabios-stdvga.bin
		cpu: model=corei7_haswell_4770, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs=1
		memory: guest=64, host=64
		ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
		ata0-master: type=cdrom, path=boot.iso, status=inserted
		boot: cdrom
		clock: sync=none, time0=1000000000
		com1: enabled=1, mode=file, dev=console.log
		log: bochs.log
		panic: action=fatal
		error: action=ignore
		info: action=ignore
	EOT
}

# bochs_disc FOLDER KERNEL APPEND: a CD that boots the kernel
bochs_disc()
{
	mkdir -p "$1/cd/isolinux"
	cp /usr/lib/ISOLINUX/isolinux.bin \
		/usr/lib/syslinux/modules/bios/ldlinux.c32 "$1/cd/isolinux/"
	cp "$2" "$1/cd/vmlinuz"
	cp "$initrd" "$1/cd/initrd"
	cat >"$1/cd/isolinux/isolinux.cfg" <<-EOT
		DEFAULT l
		LABEL l
		KERNEL /vmlinuz
		APPEND initrd=/initrd $3
	EOT
	xorriso -as mkisofs -quiet -o "$1/boot.iso" -b isolinux/isolinux.bin \
		-c isolinux/boot.cat -no-emul-boot -boot-load-size 4 \
		-boot-info-table "$1/cd" >"$1/xorriso.log" 2>&1
}

# on_bochs KERNEL - APPEND: console to stdout.  The guest ends by a triple
# fault, which ends Bochs; its status is only on the console.
on_bochs()
{
	folder=$work/bochs
	rm -rf "$folder"
	mkdir "$folder"
	bochs_disc "$folder" "$1" "$3 reboot=t" || return 1
	bochs_settings >"$folder/bochsrc"
	echo c >"$folder/debugger.rc"
	(cd "$folder" && TERM=vt100 timeout $SECONDS_MAX script -qec \
		"bochs-bin -q -f bochsrc -rc debugger.rc" screen.log) \
		</dev/null >/dev/null 2>&1 || :
	cat "$folder/console.log"
	grep -aq 'nobody takes the status 0' "$folder/console.log"
}

# boot NAME MACHINE KERNEL CPU APPEND: all workloads passed, or say what not
boot()
{
	log=$LOGS/$1.log
	status=0
	"on_$2" "$3" "$4" "console=ttyS0 tsc=reliable lull.run=$WORKLOADS $5" \
		>"$log" 2>&1 || status=1
	[ "$(grep -ac '^workload .* ok ' "$log")" = 3 ] || status=1
	! grep -aqE 'WARNING:|BUG:|Oops|Kernel panic' "$log" || status=1
	[ "$status" = 0 ] || tail -n 20 "$log" | sed 's/^/# /'
	return $status
}

# What the series says at boot, other than the command line
series_speaks()
{
	grep -aE 'x86/lull:|Hypervisor detected: Lull|Lull aware' "$LOGS/$1.log"
}

# quiet_boot NAME ARGUMENTS...: boots, and the series keeps quiet
quiet_boot()
{
	status=0
	boot "$@" || status=1
	! series_speaks "$1" | sed 's/^/# /' | grep . || status=1
	ok $status "$1"
}

asked_boot()
{
	status=0
	boot "$@" || status=1
	series_speaks "$1" | grep -q 'idle page tables: eager' || status=1
	ok $status "$1"
}

need()
{
	for program; do
		command -v "$program" >/dev/null && continue
		echo "1..0 # SKIP $program is not installed: run scripts/deps"
		exit 4
	done
}

need qemu-system-x86_64 bochs-bin xorriso script
patched=$("$TOP/scripts/guest-kernel")
stock=$("$TOP/scripts/guest-kernel" --stock)
initrd=$work/initrd
"$TOP/scripts/guest-initrd" "$initrd"

echo "TAP version 13"
quiet_boot patched-qemu-pic qemu "$patched" qemu64,-apic ''
quiet_boot patched-qemu-apic qemu "$patched" max ''
quiet_boot patched-bochs bochs "$patched" - ''
quiet_boot stock-qemu-pic qemu "$stock" qemu64,-apic ''
quiet_boot stock-qemu-apic qemu "$stock" max ''
quiet_boot stock-bochs bochs "$stock" - ''
asked_boot patched-qemu-eager qemu "$patched" qemu64,-apic lull_idle=eager
asked_boot patched-bochs-eager bochs "$patched" - lull_idle=eager
echo "1..$tests"
[ "$failed" = 0 ]
