#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Can the tests of shadow/ fail?  Plant one bug at a time in a copy of
# shadow/, run the user-space tests on it, and see whether it is caught.
#
# Usage: plant.sh [-o DIR] [-n STEPS] [-s SEED] [NAME...]
#
# The last line is "caught N of N"; the exit status is 1 if one was not.
# shellcheck disable=SC2016 # the $1 of a replacement is ours to expand
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/out/selftests/plant
steps=400000
seed=1
while getopts o:n:s: option; do
	case $option in
	o) out=$OPTARG ;;
	n) steps=$OPTARG ;;
	s) seed=$OPTARG ;;
	*) sed -n '3,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
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
changed=
rm -rf "$out/tree"
mkdir -p "$out/tree"
cp -r "$top/shadow" "$out/tree/"

# The file that the last bug was in: only this is built again
restore()
{
	[ -z "$changed" ] || cp "$top/shadow/$changed" "$out/tree/shadow/"
}

# found LOG: by what a bug was caught
found()
{
	awk '
		/^not ok/ && !/random steps/ {
			units++
			if (units == 1)
				first = $3 == "-" ? $4 : $5
		}
		/^# seed/ { sub(/^# seed [0-9]* /, ""); model = $0 }
		/^# shrunk/ { model = model ", shrunk to " $4 " steps" }
		END {
			if (units)
				printf "%d direct tests (%s); ", units, first
			print model ? "model: " model : "not by random runs"
		}' "$1"
}

# plant NAME FILE FROM TO: FROM, a perl pattern, must match exactly once
plant()
{
	[ "$wanted" = "  " ] || case $wanted in
	*" $1 "*) ;;
	*) return 0 ;;
	esac
	planted=$((planted + 1))
	restore
	changed=$2
	# "$1" in TO is what the first group of FROM matched
	FROM=$3 TO=$4 perl -0pi -e '
		my $to = $ENV{TO};
		my @found = /$ENV{FROM}/g;
		die "pattern not found once\n" if @found != 1;
		$to =~ s/\$1/$found[0]/;
		s/$ENV{FROM}/$to/;
	' "$out/tree/shadow/$2" || {
		echo "FAIL $1: cannot be planted in $2"
		return
	}
	if cmp -s "$top/shadow/$2" "$out/tree/shadow/$2"; then
		echo "FAIL $1: cannot be planted in $2"
		return
	fi
	if ! make -s -j2 -C "$top/selftests/shadow_host" O="$out/build" \
		SHADOW="$out/tree" EXTRA_CFLAGS=-Wno-error all \
		>"$out/$1.log" 2>&1; then
		echo "FAIL $1: does not compile (log: $out/$1.log)"
		return
	fi
	if make -s -C "$top/selftests/shadow_host" O="$out/build" \
		SHADOW="$out/tree" EXTRA_CFLAGS=-Wno-error STEPS="$steps" FUZZ=0 \
		SEED="$seed" check >"$out/$1.log" 2>&1; then
		echo "FAIL $1: not caught in $steps steps, seed $seed"
		return
	fi
	caught=$((caught + 1))
	echo "ok $1: $(found "$out/$1.log")"
}

# Twelve that shadow MMUs have had.
plant dropped-write-protect cache.c \
	'lull_gfn_write_protect\(mmu, gfn\);' ';'
plant skipped-sync sync.c \
	'if \(sp->unsync\)\n\t\tsync_table' \
	'if (sp->unsync && sp->role.level > 1) sync_table'
plant wrong-role-compare cache.c \
	'sp->role\.word == role\.word' \
	'!((sp->role.word ^ role.word) & ~(7U << 4))'
plant spte-kept-after-memslot-removal notifier.c \
	'(spin_needbreak\(&mmu->lock\)\)\s*)continue;' '$1break;'
plant invlpg-forgets-large-pages sync.c \
	'if \(mmu->nr_upper_unsync\)\n' \
	'struct lull_sp *top = sp;

	while (top->role.level > 2 &&
	       test_bit(pt_index(gva, top->role.level), top->present))
		top = link_child(top->spt[pt_index(gva, top->role.level)]);
	if (top->gptes[pt_index(gva, 2)] & LULL_PTE_PS)
		return;
	if (mmu->nr_upper_unsync)
'
plant stale-rmap cache.c \
	'if \(!WARN_ON_ONCE\(!rmap\)\)' \
	'if (rmap && sp->role.level > 1)'
plant more-rights-than-the-walk leaf.c \
	'unsigned int access = walk->access\[walk->level\];' \
	'unsigned int access = walk->access[walk->level] | gpte_access(walk->gpte[walk->level]);'
plant lost-dirty-bit leaf.c \
	'if \(!\(walk->gpte\[walk->level\] & LULL_PTE_D\)\)' 'if (0)'
plant free-before-flush cache.c \
	'lull_mmu_flush\(mmu\);\n(\tlist_for_each_entry_safe\(sp, next, dead, link\)\n\t\tfree_sp\(mmu, sp\);)' \
	'$1 lull_mmu_flush(mmu);'
plant notifier-misses-a-cached-root cache.c \
	'if \(is_abandoned\(mmu, sp\)\)\n\t\t\tlull_sp_prepare_zap\(mmu, sp, dead\);' \
	'if (is_abandoned(mmu, sp)) { if (sp->role.level < 4 || !mmu->invalidations) lull_sp_prepare_zap(mmu, sp, dead); }'
plant reclaim-of-the-root-in-use cache.c \
	'if \(is_root_in_use\(sp\)\)\n\t\t\tcontinue;' ''
plant mmio-over-a-present-spte sync.c \
	'(sp->unsync && !lull_entry_is_now\(mmu, sp, idx\)\) \{\n\t\t\t)lull_spte_drop\(mmu, sp, idx\);' \
	'$1WRITE_ONCE(sp->spt[idx], 0); __clear_bit(idx, sp->present); mmu->flush = true;'

# And others.
plant sync-of-found-child fault.c \
	'if \(is_spent\(mmu\) \|\| nr == LULL_SYNC_PART \|\|\s*\(nr && !walk_is\(mmu, walk, level - 1\)\)\)\s*return NULL;' ''
plant late-sync-not-checked fault.c \
	'nr && !walk_is\(mmu, walk, level - 1\)' 'nr > 64'
plant role-compare-in-link fault.c \
	'child->role\.word == role\.word' 'child->role.level == role.level'
plant large-page-link-serves sync.c \
	'return entry_usable\(sp, gpte\) && !child->role\.direct &&\s*!\(gpte & LULL_PTE_PS\) &&' \
	'return entry_usable(sp, gpte) &&'
plant fault-keeps-old-translation fault.c \
	'return fault->result == LULL_FAULT_INJECT \|\|\s*fault->result == LULL_FAULT_MMIO;' \
	'return fault->result == LULL_FAULT_MMIO;'
plant translation-fault-keeps-old fault.c \
	'(?s)else if \(r == 1\)\s*forget\(sh, fault->gva\);' ''
plant user-right leaf.c \
	'\(access & LULL_ACC_U \? LULL_PTE_U : 0\)' 'LULL_PTE_U'
plant execute-right leaf.c \
	'\(access & LULL_ACC_X \? 0 : LULL_PTE_NX\)' '0'
plant lost-dirty-of-large-page fault.c \
	'role\.clean = direct && !\(gpte & LULL_PTE_D\);' ''
plant role-of-clean-large-page fault.c \
	'role\.clean = direct && !\(gpte & LULL_PTE_D\);' \
	'if (direct && !(gpte & LULL_PTE_D)) role.access &= ~LULL_ACC_W;'
plant lost-accessed spte.h \
	'LULL_PTE_A \| LULL_PTE_D\)\);' 'LULL_PTE_D));'
plant notifier-misses notifier.c \
	'while \(\(spte = lull_rmap_first\(rmap\)\)\)' \
	'if ((spte = lull_rmap_first(rmap)))'
plant notifier-misses-tables notifier.c \
	'lull_gfn_prepare_unsync\(mmu, first \+ i, &dead\);' ';'
plant sync-while-the-host-changes-it sync.c \
	'return !mmu->invalidations && ' 'return '
plant notifier-sequence fault.c \
	'mmu->invalidate_seq == seq' 'seq + 1'
plant notifier-under-way fault.c \
	'!mmu->invalidations && ' ''
plant atomic-notifier-under-way fault.c \
	'if \(!lull_shadow_root_valid\(sh\) \|\| mmu->invalidations\)' \
	'if (!lull_shadow_root_valid(sh))'
plant leaf-over-spte leaf.c \
	'if \(\*spte && \(\(\(\*spte \^ new\) & LULL_PTE_ADDR\) \|\|\s*leaf_gfn\(sp, idx\) != gfn\)\)' \
	'if (0)'
plant walk-not-checked-again fault.c \
	'lull_shadow_root_valid\(sh\) && walk_is\(mmu, walk, LULL_ROOT_LEVEL\)' \
	'lull_shadow_root_valid(sh)'
plant created-entry-not-checked fault.c \
	'if \(!direct && !entry_is\(mmu, walk, level - 1\)\)' 'if (0)'
plant one-parent-marked cache.c \
	'lull_rmap_for_each\(&sp->parents, lull_link_unsync\);' \
	'if (sp->parents.val) lull_link_unsync(lull_rmap_first(&sp->parents));'
plant upper-not-synced sync.c \
	'if \(mmu->nr_upper_unsync\)' 'if (0)'
plant unsync-upper-count cache.c \
	'if \(sp->role\.level > 1\)\n\t\tmmu->nr_upper_unsync\+\+;' \
	'if (sp->role.level > 2) mmu->nr_upper_unsync++;'
plant drop-without-flush cache.c \
	'(__clear_bit\(idx, sp->present\);\n)\tmmu->flush = true;' '$1'
plant downgrade-without-flush leaf.c \
	'(\(\~\*spte & new & LULL_PTE_NX\)\)\)\n\t\t)mmu->flush = true;' '$1;'
plant write-protect-without-flush sync.c \
	'lull_gfn_write_protect\(mmu, sp->gfn\);\n\tlull_mmu_flush\(mmu\);' \
	'lull_gfn_write_protect(mmu, sp->gfn);'
plant link-serves-other-rights sync.c \
	'&&\s+child->role\.access == access' ''
plant link-serves-other-table sync.c \
	' && child->gfn == pte_frame\(gpte\)' ''
plant wp-not-in-role root.c \
	'\.wp = mode->wp,' '.wp = true,'
plant nxe-not-in-role root.c \
	'\.nxe = mode->nxe,' '.nxe = true,'
plant smep-with-wp-clear leaf.c \
	'if \(sh->mode\.smep\)\n\t\t\taccess &= ~LULL_ACC_X;' ''
plant leaf-of-other-gfn leaf.c \
	' \|\|\s*leaf_gfn\(sp, idx\) != gfn\)\)' '))'
plant table-mapped-writable leaf.c \
	'(LULL_PF_WRITE\)\))\n\t\t\taccess &= ~LULL_ACC_W;' '$1 ;'
plant no-unsync leaf.c \
	'lull_gfn_unsync\(mmu, walk->gfn\);' ';'
plant host-readonly-ignored leaf.c \
	'if \(!page->writable\)' 'if (0)'
plant leaked-page fault.c \
	'\tmmu->env->put_page\(mmu, &page\);' ''
plant leaked-page-of-remake leaf.c \
	'lull_leaf_put_page\(mmu, &page\);\n\treturn made' 'return made'
plant set-dirty-only-once walk.c \
	'write && level == walk->level' '0'
plant smap-ignored walk.c \
	'user_page && sh->mode\.smap && !fault->smap_exempt' '0'
plant reserved-bit-ignored walk.c \
	'rsvd \|= LULL_LARGE_RSVD' 'rsvd |= 0'
plant pdpte-bits internal.h \
	'is_pdpt\(sp->role\) \? LULL_PTE_P : LULL_SPTE_LINK' 'LULL_SPTE_LINK'
plant pdptes-above-4g pool.c \
	'topup_tables\(&sh->low, 1, __GFP_DMA32\)' \
	'topup_tables(&sh->low, 1, 0)'
plant unpaged-frame internal.h \
	'\(gfn_t\)idx << \(9 \* \(sp->role\.level - 1\)\)' '(gfn_t)idx'
plant unpaged-writes-unseen leaf.c \
	'if \(\(access & LULL_ACC_W\) && lull_gfn_is_table' \
	'if (!sh->mode.unpaged && (access & LULL_ACC_W) && lull_gfn_is_table'

# Leaves made without a walk, and what is taken for in sync.
plant remake-without-accessed leaf.c \
	'if \(!entry_usable\(sp, gpte\) \|\| !sp->role\.wp\)' \
	'if (!(gpte & LULL_PTE_P) || !sp->role.wp)'
plant remake-of-absent leaf.c \
	'if \(!entry_usable\(sp, gpte\) \|\| !sp->role\.wp\)' \
	'if (!(gpte & LULL_PTE_A) || !sp->role.wp)'
plant remake-with-more-rights leaf.c \
	'unsigned int access = sp->role\.access & gpte_access\(gpte\);' \
	'unsigned int access = gpte_access(gpte);'
plant remake-without-dirty leaf.c \
	'if \(!\(gpte & LULL_PTE_D\)\)\n\t\taccess &= ~LULL_ACC_W;\n(\tif \(!make)' '$1'
plant remake-where-host-is-readonly leaf.c \
	'!page\.writable \|\|\n' ''
plant remake-of-table-writable leaf.c \
	' \|\|\s*\(\(access & LULL_ACC_W\) && lull_gfn_is_table\(mmu, gfn\)\)\)' ')'
plant remake-in-notifier leaf.c \
	'if \(mmu->invalidations \|\|\s*lull_leaf_page' 'if (lull_leaf_page'
plant remake-of-other-frame leaf.c \
	'if \(!spte \|\| leaf_gfn\(sp, idx\) != gfn\)' 'if (!spte)'
plant remake-keeps-old-entry leaf.c \
	'(return false;\n)\tsp->gptes\[idx\] = gpte;' '$1'
plant table-maps-itself sync.c \
	'sp->unsync = false;\n(\tsp->unsync = !lull_sp_compare)' '$1'
plant host-right-from-any-spte leaf.c \
	'page->writable = \*spte & LULL_SPTE_HOST_W;' 'page->writable = true;'
plant descend-through-unsync walk.c \
	'if \(sp->unsync && !lull_entry_is_now\(mmu, sp, idx\)\)\n\t\t\tbreak;' ''
plant descend-into-pieces walk.c \
	'if \(child->role\.direct\)\n\t\t\tbreak;' ''
plant descend-with-all-rights walk.c \
	'\*access = walk->sp->role\.access;' ''
plant invlpg-keeps-translation sync.c \
	'sync_leaf\(mmu, sp, idx\);' ';'
plant invlpg-of-unread-table sync.c \
	'if \(read_now\(mmu, sp, idx, &gpte\)\)\n\t\tlull_spte_drop\(mmu, sp, idx\);' \
	'if (read_now(mmu, sp, idx, &gpte)) return;'
plant quick-fault-over-the-cap fault.c \
	'mmu->nr_pages \+ LULL_ROOT_LEVEL <= mmu->max_pages' \
	'mmu->nr_pages <= mmu->max_pages + 64'

# Targets of CR3.
plant target-kept-after-a-write cache.c \
	'lull_mmu_delist_unsync\(mmu\);' ';'
plant target-kept-after-its-own-write targets.c \
	'if \(!is_in_sync\(target->root\)\)' \
	'if (target->root->unsync_children)'
plant target-kept-after-a-notifier notifier.c \
	'lull_gfn_prepare_unsync\(mmu, first \+ i, &dead\);' \
	'{ LIST_HEAD(kept); struct lull_target *t;
		list_for_each_entry(t, &mmu->targets, link) t->root->listed |= 0x100;
		while (!list_empty(&mmu->targets)) list_move(mmu->targets.next, &kept);
		lull_gfn_prepare_unsync(mmu, first + i, &dead);
		while (!list_empty(&kept)) list_move(kept.next, &mmu->targets);
		list_for_each_entry(t, &mmu->targets, link) t->root->listed &= 0xff; }'
plant target-kept-after-zapping cache.c \
	'if \(sp->listed\)\n\t\tlull_root_delist\(mmu, sp\);' ''
plant target-kept-after-a-mode-change root.c \
	'if \(memcmp\(&sh->mode, mode, sizeof\(\*mode\)\)\)' 'if (0)'
plant target-freed-by-reclaim cache.c \
	'lull_root_delist\(mmu, sp\);\n\t\t\tcontinue;' \
	'sp->root_count -= sp->listed; sp->listed = 0;'
plant target-not-counted targets.c \
	'target->root->root_count\+\+;' ''
plant target-withdrawn-without-flush targets.c \
	'(delist\(target\);\n)\tmmu->flush = true;' '$1'
plant target-withdrawn-in-silence targets.c \
	'set_stale\(target->sh\);' ''
plant target-released-too-early targets.c \
	'(mmu->stats\.delisted\+\+;)' \
	'$1 lull_root_release(mmu, target->root); target->root = NULL;'
plant unsync-root-ready root.c \
	'if \(root && !is_in_sync\(root\) &&\n\t    !lull_root_try_sync\(mmu, root, synced\)\)' \
	'if (0)'
plant target-forgets-its-cr3 targets.c \
	'entry\[i\]\.cr3 = target->root \? target->cr3 : LULL_NO_CR3;' \
	'entry[i].cr3 = target->root ? target->cr3 : LULL_NO_CR3;
		if (!target->root) target->cr3 = LULL_NO_CR3;'
plant landed-with-the-old-cr3 targets.c \
	'sh->cr3 = target->cr3 & ~LULL_GUARDED;' ''
plant root-table-for-something-else pool.c \
	'if \(sp->shown\) \{' 'if (0) {'
plant root-table-as-another-table pool.c \
	'mmu->shown_tables && role\.level == LULL_ROOT_LEVEL' 'mmu->shown_tables && role.level > 1'
plant too-many-tables-shown targets.c \
	'sh->mmu->nr_shown < LULL_MOST_SHOWN' 'true'
plant target-keeps-old-cr3 targets.c \
	'if \(!target\)\n\t\treturn;\n\t/\* Bits' 'if (!target || !may_list)
		return;
	/* Bits'
plant lost-target-means-nothing targets.c \
	'sh->targets\.lost = true;' 'sh->targets.slot[0].cr3 = LULL_NO_CR3;'
plant target-listed-by-another-flush root.c \
	'guarded_cr3\(sh, sh->guarded\), false, &synced\);' \
	'guarded_cr3(sh, sh->guarded), true, &synced);'
plant sync-without-an-end sync.c \
	'sync->nr >= sync->most \|\| ' ''
plant sync-cut-short sync.c \
	'if \(sync->nr >= sync->most \|\| !spend\(mmu, 1\)\)\n\t\t\tbreak;' \
	'if (sync->nr >= sync->most || !spend(mmu, 1)) { lull_forget_unsync_child(sp, idx); continue; }'
plant sync-by-all-ways sync.c \
	'if \(sp->pass == mmu->pass\)' 'if (0)'
plant sync-meets-one-table sync.c \
	'mmu->pass\+\+;' ''
plant sync-without-a-flush sync.c \
	'nr = lull_sp_sync_tree\(sh->mmu, sh->root, most, false\);\n\tlull_mmu_flush\(sh->mmu\);' \
	'nr = lull_sp_sync_tree(sh->mmu, sh->root, most, false);'
plant guard-not-looked-at fault.c \
	'sh->guarded && is_user_half\(gva\)' 'false'
plant guard-below-the-root cache.c \
	'role\.guard = false;' ''
plant guard-kept-after-a-load root.c \
	'sh->guarded = sh->root->role\.guard;' \
	'sh->guarded |= sh->root->role.guard;'
plant guard-missed-on-landing targets.c \
	'sh->guarded = target->root->role\.guard;' ''
plant guard-ends-with-old-tables root.c \
	'0 : load_and_sync\(sh, cr3\)' '0 : lull_shadow_load_cr3(sh, cr3, NULL)'
plant guard-of-another-space root.c \
	'role\.guard = !role\.unpaged && \(cr3 & LULL_GUARDED\);' ''
plant guard-ended-lists-a-root root.c \
	'try_load\(sh, cr3, may_list, &synced\)' 'try_load(sh, cr3, true, &synced)'
plant tripwire-not-set tripwire.c \
	'root->spt\[idx\] & ~LULL_PTE_A\);' 'root->spt[idx]);'
plant tripwire-in-the-guard-root tripwire.c \
	'role\.guard = false;' ''
plant tripwire-with-two-vcpus tripwire.c \
	'!sh->mmu->had_more' 'sh->mmu->nr_vcpus == 1'

# Hot tables.
plant hot-told-to-one-page hot.c \
	'lull_gfn_touch\(mmu, sp->gfn\);' 'sp->touched = true;'
plant hot-without-flush hot.c \
	'mmu->flush = true;' ''
plant hot-without-dirty hot.c \
	'return test_and_clear_bit' 'return 0 && test_and_clear_bit'
plant hot-mapping-dropped cache.c \
	'mmu->leaf_drops\+\+;' ''
plant hot-written-by-the-monitor cache.c \
	'sp->touched = true;\n(\t\tif \(sp->unsync)' '$1'
plant hot-inside-a-range hot.c \
	'sp->touched = (!lull_sp_compare\(mmu, sp, &changed\));' \
	'(void)$1; sp->touched = false;'
plant hot-linked-as-synced fault.c \
	'if \(!is_in_sync\(child\)\)\n\t\tlull_link_unsync' 'if (0) lull_link_unsync'
plant hot-upper-table hot.c \
	'sp->role\.level > 1 \|\| ' ''
plant hot-below-a-target hot.c \
	'\(sp->role\.level > 1 \|\| mmu->had_targets\)' '(sp->role.level > 1)'
plant hot-drops-of-its-own hot.c \
	'sp->leaf_drops = drops;' 'sp->leaf_drops = mmu->leaf_drops;'
plant sync-past-its-budget sync.c \
	'return !mmu->invalidations && !is_spent\(mmu\);' 'return !mmu->invalidations;'
plant hot-in-part-of-a-sync hot.c \
	'else if \(event\)' 'else'
plant hot-without-an-end hot.c \
	'if \(!make_room\(mmu\)\)\n\t\treturn;' ''
plant hot-place-never-given-up hot.c \
	'return !sp->parents\.val \|\| mmu->pass' 'return 0 && mmu->pass'
plant hot-place-kept-when-left hot.c \
	'return (!sp->parents\.val) \|\| .*?;' 'return $1;'
plant quick-fault-without-a-budget fault.c \
	'mmu->budget = LULL_QUICK_BUDGET;' ''
plant quick-fault-half-done fault.c \
	' && !is_spent\(mmu\);' ';'
plant linked-when-half-synced fault.c \
	'is_spent\(mmu\) \|\| (nr == LULL_SYNC_PART)' '$1'
plant unsync-past-its-budget cache.c \
	'(spend\(mmu, lull_sp_count_above\(sp\)\);\n\t\}\n\treturn) !is_spent\(mmu\);' \
	'$1 true;'
plant zaps-cost-nothing cache.c \
	'spend\(mmu, ENTRY_COST \*\s*bitmap_weight\(sp->present, LULL_PT_ENTRIES\)\);' ';'
plant hot-link-costs-nothing fault.c \
	'spend\(mmu, lull_sp_count_above\(sp\)\);' ';'
plant links-counted-in-vain cache.c \
	'if \(nr > MOST_COUNTED\)\n\t\treturn LULL_QUICK_BUDGET;' ''
plant chains-cost-nothing sync.c \
	'spend\(mmu, lull_rmap_count\(rmap\) / SPTES_A_LINK\);' '(void)rmap;'
plant sync-keeps-the-lock sync.c \
	'cond_resched_lock\(&mmu->lock\);' ';'
plant sync-of-a-range-in-parts sync.c \
	'mmu->invalidations \|\| \+\+\*parts' '++*parts'
plant fault-keeps-the-lock fault.c \
	'LULL_SYNC_PART, false' 'LULL_ALL_TABLES, false'
plant fault-takes-a-part-for-all fault.c \
	'nr == LULL_SYNC_PART \|\|' ''
plant shrink-keeps-the-lock notifier.c \
	'nr - zapped, LULL_SHRINK_PART' 'nr - zapped, nr'
plant slots-change-under-a-fault notifier.c \
	'lull_mmu_invalidate_begin\(mmu\);(\n\tspin_unlock\(&mmu->lock\);\n\tlull_mmu_zap_all)' \
	'mmu->invalidations++; mmu->invalidations--;$1'
plant hot-never-cools hot.c \
	'sp->calm\+\+;' ';'

echo "caught $caught of $planted"
[ "$caught" = "$planted" ]
