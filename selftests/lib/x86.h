/* SPDX-License-Identifier: GPL-2.0-only */
/* Bits and instructions of the processor, for guests and their builder. */
#ifndef SELFTESTS_X86_H
#define SELFTESTS_X86_H

#include "lib/types.h"

#define CR0_PE		BIT_ULL(0)
#define CR0_MP		BIT_ULL(1)
#define CR0_EM		BIT_ULL(2)
#define CR0_TS		BIT_ULL(3)
#define CR0_ET		BIT_ULL(4)
#define CR0_NE		BIT_ULL(5)
#define CR0_WP		BIT_ULL(16)
#define CR0_AM		BIT_ULL(18)
#define CR0_NW		BIT_ULL(29)
#define CR0_CD		BIT_ULL(30)
#define CR0_PG		BIT_ULL(31)

#define CR4_TSD		BIT_ULL(2)
#define CR4_DE		BIT_ULL(3)
#define CR4_PAE		BIT_ULL(5)
#define CR4_PGE		BIT_ULL(7)
#define CR4_OSFXSR	BIT_ULL(9)
#define CR4_OSXMMEXCPT	BIT_ULL(10)
#define CR4_VMXE	BIT_ULL(13)
#define CR4_PCIDE	BIT_ULL(17)
#define CR4_OSXSAVE	BIT_ULL(18)
#define CR4_SMEP	BIT_ULL(20)
#define CR4_SMAP	BIT_ULL(21)

#define EFER_SCE	BIT_ULL(0)
#define EFER_LME	BIT_ULL(8)
#define EFER_LMA	BIT_ULL(10)
#define EFER_NX		BIT_ULL(11)

#define FLAGS_FIXED	BIT_ULL(1)
#define FLAGS_TF	BIT_ULL(8)
#define FLAGS_IF	BIT_ULL(9)
#define FLAGS_DF	BIT_ULL(10)
#define FLAGS_VM	BIT_ULL(17)
#define FLAGS_AC	BIT_ULL(18)

#define PTE_P		BIT_ULL(0)
#define PTE_W		BIT_ULL(1)
#define PTE_U		BIT_ULL(2)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define PTE_PS		BIT_ULL(7)
#define PTE_G		BIT_ULL(8)
#define PTE_NX		BIT_ULL(63)
#define PTE_ADDR	0x000ffffffffff000ULL

#define PF_P		BIT_ULL(0)
#define PF_W		BIT_ULL(1)
#define PF_U		BIT_ULL(2)
#define PF_RSVD		BIT_ULL(3)
#define PF_I		BIT_ULL(4)

enum vector {
	VEC_DE = 0, VEC_DB = 1, VEC_NMI = 2, VEC_BP = 3, VEC_UD = 6,
	VEC_NM = 7, VEC_DF = 8, VEC_SS = 12, VEC_GP = 13, VEC_PF = 14,
	VEC_AC = 17,
};

#define MSR_TSC			0x10
#define MSR_TSC_ADJUST		0x3b
#define MSR_SYSENTER_CS		0x174
#define MSR_MISC_ENABLE		0x1a0
#define MSR_PAT			0x277
#define MSR_X2APIC_ID		0x802
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_SFMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	asm volatile("cpuid"
		     : "=a" (r.eax), "=b" (r.ebx), "=c" (r.ecx), "=d" (r.edx)
		     : "a" (leaf), "c" (subleaf));
	return r;
}

#define DEFINE_CR(nr)							\
static inline u64 read_cr##nr(void)					\
{									\
	u64 val;							\
									\
	asm volatile("mov %%cr" #nr ", %0" : "=r" (val) : : "memory");	\
	return val;							\
}									\
static inline void write_cr##nr(u64 val)				\
{									\
	asm volatile("mov %0, %%cr" #nr : : "r" (val) : "memory");	\
}

DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
DEFINE_CR(8)

#define DEFINE_DR(nr)							\
static inline u64 read_dr##nr(void)					\
{									\
	u64 val;							\
									\
	asm volatile("mov %%db" #nr ", %0" : "=r" (val));		\
	return val;							\
}									\
static inline void write_dr##nr(u64 val)				\
{									\
	asm volatile("mov %0, %%db" #nr : : "r" (val));			\
}

DEFINE_DR(0)
DEFINE_DR(3)
DEFINE_DR(6)
DEFINE_DR(7)

#define DEFINE_PORT(suffix, type)					\
static inline void out##suffix(u16 port, type val)			\
{									\
	asm volatile("out" #suffix " %0, %1"				\
		     : : "a" (val), "Nd" (port) : "memory");		\
}									\
static inline type in##suffix(u16 port)					\
{									\
	type val;							\
									\
	asm volatile("in" #suffix " %1, %0"				\
		     : "=a" (val) : "Nd" (port) : "memory");		\
	return val;							\
}

DEFINE_PORT(b, u8)
DEFINE_PORT(w, u16)
DEFINE_PORT(l, u32)

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return low | (u64)high << 32;
}

static inline void wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr"
		     : : "c" (msr), "a" ((u32)val), "d" ((u32)(val >> 32))
		     : "memory");
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return low | (u64)high << 32;
}

static inline void invlpg(u64 gva)
{
	asm volatile("invlpg (%0)" : : "r" (gva) : "memory");
}

/* A hypercall: hypercall/ABI.rst */
static inline s64 vmcall(u64 nr, u64 a0, u64 a1)
{
	s64 ret;

	asm volatile("vmcall"
		     : "=a" (ret) : "a" (nr), "D" (a0), "S" (a1) : "memory");
	return ret;
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

static inline void cli(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void sti(void)
{
	asm volatile("sti" : : : "memory");
}

/* Interrupts are on only in HLT and behind it: none can slip in between. */
static inline void sti_hlt(void)
{
	asm volatile("sti\n\thlt" : : : "memory");
}

static inline u64 read_flags(void)
{
	u64 flags;

	asm volatile("pushf\n\tpop %0" : "=r" (flags));
	return flags;
}

/* One load or store of exactly this width, never optimized away. */
static inline u64 load64(u64 gva)
{
	u64 val;

	asm volatile("movq (%1), %0" : "=r" (val) : "r" (gva) : "memory");
	return val;
}

static inline void store64(u64 gva, u64 val)
{
	asm volatile("movq %0, (%1)" : : "r" (val), "r" (gva) : "memory");
}

#endif /* SELFTESTS_X86_H */
