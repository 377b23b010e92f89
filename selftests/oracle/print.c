// SPDX-License-Identifier: GPL-2.0-only
/* Runs on the bare machine too: nothing of libc. */
#include "lib/say.h"
#include "lib/x86.h"
#include "oracle/oracle.h"

static const char * const when_names[NR_WHEN] = {
	"after a flush", "before a flush", "from not present",
	"A and D taken back",
};

static const char * const how_names[] = {
	"MOV to CR3", "INVLPG", "CR4.PGE changed",
};

/* An entry with its bits by name. */
static void print_entry(say_fn put, const char *name, u64 entry)
{
	static const struct {
		u64 bit;
		const char *name;
	} bits[] = {
		{ PTE_P, "P" }, { PTE_W, "W" }, { PTE_U, "U" }, { PTE_A, "A" },
		{ PTE_D, "D" }, { PTE_PS, "PS" }, { PTE_G, "G" },
		{ PTE_NX, "NX" }, { BIT_ULL(51), "51" },
	};
	const char *between = "";
	unsigned int i;

	say(put, " %s 0x%llx[", name, entry);
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (!(entry & bits[i].bit))
			continue;
		say(put, "%s%s", between, bits[i].name);
		between = " ";
	}
	put("]");
}

static void print_walk(say_fn put, const char *what, const struct walk *walk)
{
	say(put, "#   %s:", what);
	print_entry(put, "PML4E", walk->entry[4]);
	print_entry(put, "PDPTE", walk->entry[3]);
	print_entry(put, "PDE", walk->entry[2]);
	print_entry(put, "PTE", walk->entry[1]);
	put("\n");
}

static void print_error(say_fn put, u64 error)
{
	say(put, "error 0x%llx[%s%s%s%s%s]", error, error & PF_P ? "P" : "",
	    error & PF_W ? "W" : "", error & PF_U ? "U" : "",
	    error & PF_RSVD ? "R" : "", error & PF_I ? "I" : "");
}

static void print_outcomes(say_fn put, const struct report *r)
{
	put("#   seen: ");
	if (r->seen.fault) {
		say(put, "vector %llu, ", r->seen.vector);
		print_error(put, r->seen.error);
		say(put, ", CR2 0x%llx\n", r->seen.cr2);
	} else {
		say(put, "no fault, value 0x%llx\n", r->seen.value);
	}
	put("#   wanted: ");
	if (r->want.fault) {
		put("vector 14, ");
		print_error(put, r->want.error);
		say(put, ", CR2 0x%llx\n", r->gva);
	} else {
		say(put, "no fault, memory at 0x%llx\n", r->want.gpa);
	}
}

static void print_report(say_fn put, const struct report *r)
{
	struct access_mode mode;

	case_mode(r->c.mode, &mode);
	say(put, "# MISMATCH case=%llu how=%u: access %u %s: %s\n",
	    r->c.number, r->how, r->which, when_names[r->when],
	    r->kind->name);
	say(put, "#   WP %u NXE %u PGE %u SMEP %u SMAP %u; flushed by %s; GVA 0x%llx\n",
	    mode.wp, mode.nxe, mode.pge, mode.smep, mode.smap,
	    how_names[r->how % 3], r->gva);
	print_walk(put, "before", &r->before);
	print_walk(put, "after", &r->seen.walk);
	print_outcomes(put, r);
}

u64 oracle_mismatches(const struct oracle *o)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < NR_WHEN; i++)
		sum += o->tally[i].mismatches;
	return sum;
}

void oracle_print(const struct oracle *o, say_fn put)
{
	u64 cases = 0, accesses = 0, faults = 0;
	unsigned int i;

	for (i = 0; i < nr_oracle_reports; i++)
		print_report(put, &oracle_reports[i]);
	say(put, "# product: %u modes x %u walks x %u kinds x 2 and 1 = %llu cases; numbers %llu to %llu, one in %llu\n",
	    nr_of_modes(), nr_of_walks(), nr_of_kinds(),
	    nr_cases() * 3, o->first, o->end - 1, o->stride);
	if (o->heeds_ac)
		put("# erratum: with SMAP, implicit supervisor accesses heed RFLAGS.AC (by the SDM they do not): left out\n");
	for (i = 0; i < NR_WHEN; i++) {
		const struct tally *t = &o->tally[i];

		say(put, "# %s: %llu cases, %llu accesses, %llu faults, %llu mismatches\n",
		    when_names[i], t->cases, t->accesses, t->faults,
		    t->mismatches);
		cases += t->cases;
		accesses += t->accesses;
		faults += t->faults;
	}
	say(put, "# left out, as shadow/DESIGN.rst has it (CR0.WP clear with SMAP): %llu accesses\n",
	    o->left_out);
	if (o->targets)
		say(put, "# by CR3 targets: %llu loads\n", o->listed);
	say(put, "# oracle: %llu cases, %llu accesses, %llu faults, %llu mismatches\n",
	    cases, accesses, faults, oracle_mismatches(o));
}
