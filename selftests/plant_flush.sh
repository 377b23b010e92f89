#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Does the software TLB of a debug build see a flush that is missing?  Take
# one flush at a time out of a copy of the module, build it with DEBUG=1, run
# a test in the test machine that needs the flush, and look for the report.
#
# Usage: plant_flush.sh [-o DIR] [NAME...]
#
# The last line is "caught N of N"; the exit status is 1 if one was not.
# Without a planted bug the same tests must give no report: `none`.
# shellcheck disable=SC2016 # the $1 of a replacement is ours to expand
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/out/selftests/plant-flush
while getopts o: option; do
	case $option in
	o) out=$OPTARG ;;
	*) sed -n '3,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
wanted=" $* "
for name; do
	grep -q "^plant $name " "$0" || {
		echo "$name: no such bug" >&2
		exit 2
	}
done
planted=0
caught=0
report='may hold'

# A tree of its own to build in, with the host kernel's files of this one, and
# the sources as they are now.
tree=$out/tree
base=$out/base
mkdir -p "$tree/out" "$base"
ln -sfn "$top/out/host" "$tree/out/host"
rsync -a --delete "$top/scripts" "$top/Kbuild" "$tree/"
rsync -a --delete "$top/monitor" "$top/vmx" "$top/shadow" "$top/hypercall" \
	"$base/"
"$top/scripts/host-kernel" >/dev/null
make -s -C "$top/selftests" O="$out/programs"

# What runs in the machine: the test, until it ends or there is a report.
cat >"$out/until-report.sh" <<'IN_MACHINE'
insmod lull.ko || exit 1
"./$1" >/tmp/log 2>&1 &
while kill -0 $! 2>/dev/null && ! dmesg | grep -aq "$2"; do
	sleep 0.2
done
kill $! 2>/dev/null
dmesg | grep -a "$2" | head -n 1
IN_MACHINE

# run NAME TEST CPU: the first report of the module that was built
run()
{
	"$top/scripts/vm" run --cpu "$3" --smp 2 --mem 512 --loglevel 3 \
		--log "$out/$1.vm" --file "$tree/out/module-debug/lull.ko" \
		--file "$out/programs/$2" --file "$out/until-report.sh" \
		--timeout 300 -- "sh until-report.sh $2 '$report'" \
		2>"$out/$1.err" | grep -a "$report" | sed 's/.*lull: //' || :
}

# plant NAME FILE TEST CPU FROM TO: FROM, a perl pattern, must match once
plant()
{
	[ "$wanted" = "  " ] || case $wanted in
	*" $1 "*) ;;
	*) return 0 ;;
	esac
	planted=$((planted + 1))
	# what was planted before is put back, and is newer than its object
	rsync -rc --delete "$base/" "$tree/" --exclude=/out --exclude=/scripts \
		--exclude=/Kbuild
	FROM=$5 TO=$6 perl -0pi -e '
		my $to = $ENV{TO};
		my @found = /$ENV{FROM}/g;
		die "pattern not found once\n" if @found != 1;
		$to =~ s/\$1/$found[0]/;
		s/$ENV{FROM}/$to/;
	' "$tree/$2" || {
		echo "FAIL $1: cannot be planted in $2"
		return
	}
	if ! "$tree/scripts/build-module" DEBUG=1 >"$out/$1.log" 2>&1; then
		echo "FAIL $1: does not compile (log: $out/$1.log)"
		return
	fi
	found=$(run "$1" "$3" "$4")
	if [ "$1" = none ]; then
		[ -z "$found" ] && caught=$((caught + 1))
		echo "${found:+FAIL }none: ${found:-no report} ($3)"
	elif [ -n "$found" ]; then
		caught=$((caught + 1))
		echo "ok $1: $found"
	else
		echo "FAIL $1: not caught by $3 on $4 (logs: $out/$1.vm)"
	fi
}

plant none vmx/run.c guest_flush haswell '(lull_vmx_load)\(struct' '$1(struct'
plant notifier shadow/notifier.c shadow_race haswell \
	'(?=\tlull_sp_commit_zap\(mmu, &dead\);\n\}\n)' 'mmu->flush = false;'
plant memslot-removal shadow/notifier.c shadow_race haswell \
	'(?=\tlull_sp_commit_zap\(mmu, &dead\);\n\tspin_unlock\(&mmu->lock\);\n\}\n\n/\*\*\n \* lull_mmu_slots_begin)' \
	'mmu->flush = false;'
plant reclaim shadow/cache.c guest_flush haswell \
	'(?=\tlull_sp_commit_zap\(mmu, &dead\);\n\treturn zapped;)' \
	'mmu->flush = false;'
plant free-before-flush shadow/cache.c guest_flush haswell \
	'lull_mmu_flush\(mmu\);\n(\tlist_for_each_entry_safe\(sp, next, dead, link\)\n\t\tfree_sp\(mmu, sp\);)' \
	'$1 lull_mmu_flush(mmu);'
plant write-protect-of-unsync shadow/sync.c guest_flush haswell \
	'(lull_gfn_write_protect\(mmu, sp->gfn\);)\n\tlull_mmu_flush\(mmu\);' '$1'
plant write-protect-of-new shadow/cache.c guest_flush haswell \
	'(lull_gfn_write_protect\(mmu, gfn\);)\n\t\tlull_mmu_flush\(mmu\);' '$1'
plant cr3-load vmx/setup.c guest_shadow haswell \
	'(vmcs_write_natural\(GUEST_CR3, root\);)\n\tlull_vmx_flush_tlb\(vmx\);' '$1'
plant sync shadow/sync.c guest_flush haswell \
	'(while \(part == most\);)\n\tlull_mmu_flush\(sh->mmu\);' '$1'
plant invlpg shadow/sync.c guest_shadow haswell \
	'(if \(sp->role\.direct\)\n\t\t\tbreak;\n\t\}\n)\tlull_mmu_flush\(mmu\);' '$1'
plant fault shadow/fault.c guest_shadow haswell \
	'(mmu->budget = LULL_NO_BUDGET;\n\t\}\n)\tlull_mmu_flush\(mmu\);' '$1'
plant dropped-spte shadow/cache.c guest_shadow haswell \
	'(__clear_bit\(idx, sp->present\);\n)\tmmu->flush = true;' '$1'
plant trimmed-spte shadow/leaf.c guest_flush haswell \
	'(\(\~\*spte & new & LULL_PTE_NX\)\)\)\n\t\t)mmu->flush = true;' '$1;'
plant changed-spte shadow/leaf.c pt_access haswell \
	'(\(\~\*spte & new & LULL_PTE_NX\)\)\)\n\t\t)mmu->flush = true;' '$1;'
plant vpid-migration vmx/run.c guest_flush haswell \
	'(lull_vmx_read_host_msrs\(vmx\);[^}]*?)\t\tlull_vmx_flush_tlb\(vmx\);\n' '$1'
plant invvpid vmx/run.c guest_flush haswell \
	'(lull_invvpid_context\(&vmx->flush\);)' ''
plant request-not-made monitor/glue.c guest_flush haswell \
	'(set_bit\(LULL_REQ_FLUSH, &vcpu->requests\);)' ''
plant request-not-heard monitor/run.c guest_flush haswell \
	'(lull_vmx_flush_tlb\(&vcpu->vmx\);)' ''
plant guest-not-stopped monitor/glue.c guest_flush haswell \
	'if \(!READ_ONCE\(vcpu->in_guest\)\)' 'if (1)'
plant guest-not-stopped-without-vpid monitor/glue.c guest_flush penryn \
	'if \(!READ_ONCE\(vcpu->in_guest\)\)' 'if (1)'

echo "caught $caught of $planted"
[ "$caught" = "$planted" ]
