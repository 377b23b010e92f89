// SPDX-License-Identifier: GPL-2.0-only
/* Guest-physical memory as the launcher sees it. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "gmem.h"
#include "util.h"

#define CR0_PG		BIT_ULL(31)
#define CR4_PAE		BIT_ULL(5)
#define EFER_LMA	BIT_ULL(10)
#define PTE_PRESENT	1ULL
#define PTE_LARGE	BIT_ULL(7)
#define PTE_ADDR	0x000ffffffffff000ULL

static int add_slot(struct gmem *mem, u64 gpa, u64 size)
{
	struct gmem_slot *slot = &mem->slots[mem->nr];
	void *hva;

	hva = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (hva == MAP_FAILED)
		return error("--mem: cannot map %llu MiB: %s", size / MIB,
			     strerror(errno));
	slot->gpa = gpa;
	slot->size = size;
	slot->hva = hva;
	mem->nr++;
	return 0;
}

/**
 * gmem_alloc() - make a guest's memory, all zeros
 * @mem: the memory
 * @size: its bytes, a multiple of the page size
 *
 * Return: 0, or -1 after a message
 */
int gmem_alloc(struct gmem *mem, u64 size)
{
	u64 low = size < GMEM_LOW_MAX ? size : GMEM_LOW_MAX;

	memset(mem, 0, sizeof(*mem));
	if (add_slot(mem, 0, low))
		return -1;
	if (size > low && add_slot(mem, GMEM_HIGH, size - low)) {
		gmem_free(mem);
		return -1;
	}
	return 0;
}

/**
 * gmem_free() - unmap a guest's memory
 * @mem: the memory; may be empty
 */
void gmem_free(struct gmem *mem)
{
	while (mem->nr) {
		mem->nr--;
		munmap(mem->slots[mem->nr].hva, mem->slots[mem->nr].size);
	}
}

/**
 * gmem_ptr() - find guest memory
 * @mem: the memory
 * @gpa: guest-physical address
 * @len: bytes that must lie there in one piece
 *
 * Return: where it is mapped, or NULL if it is not all memory
 */
void *gmem_ptr(const struct gmem *mem, u64 gpa, u64 len)
{
	const struct gmem_slot *slot;
	int i;

	for (i = 0; i < mem->nr; i++) {
		slot = &mem->slots[i];
		if (gpa >= slot->gpa && gpa - slot->gpa < slot->size &&
		    len <= slot->size - (gpa - slot->gpa))
			return slot->hva + (gpa - slot->gpa);
	}
	return NULL;
}

/**
 * gmem_allow_merging() - let the host merge pages of equal contents
 * @mem: the memory
 *
 * Return: 0, or -1 after a message
 */
int gmem_allow_merging(const struct gmem *mem)
{
	int i;

	for (i = 0; i < mem->nr; i++) {
		if (madvise(mem->slots[i].hva, mem->slots[i].size,
			    MADV_MERGEABLE))
			return error("--mergeable: the host does not merge pages: %s",
				     strerror(errno));
	}
	return 0;
}

/**
 * gmem_discard() - give guest memory back to the host; it is zeros then
 * @mem: the memory
 * @gpa: guest-physical address of whole pages
 * @len: their bytes
 *
 * Return: 0, or -1 if they are not all memory, or the host keeps them
 */
int gmem_discard(const struct gmem *mem, u64 gpa, u64 len)
{
	void *ptr = gmem_ptr(mem, gpa, len);

	return ptr ? madvise(ptr, len, MADV_DONTNEED) : -1;
}

/**
 * struct format - one paging format
 * @levels:	tables on the way to a 4 KiB page
 * @index_bits:	log2 of the entries of a table
 * @entry_size:	bytes of an entry
 * @large_max:	highest level whose entries can be large pages
 */
struct format {
	int levels;
	int index_bits;
	int entry_size;
	int large_max;
};

static const struct format format_long = { 4, 9, 8, 3 };
static const struct format format_pae = { 3, 9, 8, 2 };
static const struct format format_legacy = { 2, 10, 4, 2 };

static const struct format *pick_format(const struct gmem_paging *paging)
{
	if (paging->efer & EFER_LMA)
		return &format_long;
	if (paging->cr4 & CR4_PAE)
		return &format_pae;
	return &format_legacy;
}

static int read_entry(const struct gmem *mem, const struct format *format,
		      u64 gpa, u64 *entry)
{
	const void *ptr = gmem_ptr(mem, gpa, format->entry_size);

	if (!ptr)
		return -1;
	*entry = 0;
	memcpy(entry, ptr, format->entry_size);
	return *entry & PTE_PRESENT ? 0 : -1;
}

/* PAE's four top entries lie in 32 bytes, not in a page. */
static u64 table_base(const struct format *format, u64 cr3)
{
	return cr3 & (format == &format_pae ? 0xffffffe0ULL : PTE_ADDR);
}

static u64 page_gpa(u64 entry, u64 gva, int shift)
{
	u64 mask = (1ULL << shift) - 1;

	return (entry & PTE_ADDR & ~mask) | (gva & mask);
}

/**
 * gmem_walk() - translate as the guest's MMU would, without its checks
 * @mem: the guest's memory
 * @paging: its registers
 * @gva: guest-virtual address
 * @gpa: gets the guest-physical address
 *
 * Rights are not looked at, accessed and dirty bits are not set: this is for
 * reading code in a dump.
 *
 * Return: 0, or -1 if @gva is not mapped
 */
int gmem_walk(const struct gmem *mem, const struct gmem_paging *paging,
	      u64 gva, u64 *gpa)
{
	const struct format *format = pick_format(paging);
	u64 base, entry, index;
	int level, shift;

	*gpa = gva;
	if (!(paging->cr0 & CR0_PG))
		return 0;
	base = table_base(format, paging->cr3);
	for (level = format->levels; level; level--) {
		shift = 12 + (level - 1) * format->index_bits;
		index = (gva >> shift) & ((1ULL << format->index_bits) - 1);
		if (read_entry(mem, format, base + index * format->entry_size,
			       &entry))
			return -1;
		if (level == 1 ||
		    (level <= format->large_max && entry & PTE_LARGE)) {
			*gpa = page_gpa(entry, gva, shift);
			return 0;
		}
		base = entry & PTE_ADDR;
	}
	return -1;
}

/**
 * gmem_read_gva() - read guest-virtual memory as far as it is mapped
 * @mem: the guest's memory
 * @paging: its registers
 * @gva: where to start
 * @buf: gets the bytes
 * @len: how many are wanted
 *
 * Return: how many were read
 */
size_t gmem_read_gva(const struct gmem *mem, const struct gmem_paging *paging,
		     u64 gva, void *buf, size_t len)
{
	const void *ptr;
	size_t done, part;
	u64 gpa;

	for (done = 0; done < len; done += part) {
		part = GUEST_PAGE - (gva + done) % GUEST_PAGE;
		if (part > len - done)
			part = len - done;
		if (gmem_walk(mem, paging, gva + done, &gpa))
			break;
		ptr = gmem_ptr(mem, gpa, part);
		if (!ptr)
			break;
		memcpy((u8 *)buf + done, ptr, part);
	}
	return done;
}
