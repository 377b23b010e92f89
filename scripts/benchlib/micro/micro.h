/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Micro-benchmarks that are a kernel of their own: what only ring 0 can do,
 * one kind of exit at a time.
 */
#ifndef MICRO_H
#define MICRO_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT_ULL(n)	(1ULL << (n))
#define __aligned(n)	__attribute__((aligned(n)))
#define __packed	__attribute__((packed))

#define PAGE		4096ULL
#define BATCHES		4

/**
 * struct micro_row - one thing that is measured
 * @name:	in the report
 * @ops:	operations in a batch
 * @run:	does one
 */
struct micro_row {
	const char *name;
	unsigned int ops;
	void (*run)(unsigned int nr);
};

extern const struct micro_row micro_rows[];
extern const unsigned int nr_micro_rows;

/* rows.c */
void prepare_rows(void);

/* start.S */
extern u32 timer_fired;
void timer_entry(void);
void micro_main(void);

static inline void outb(u8 value, u16 port)
{
	__asm__ volatile("out %0, %1" : : "a" (value), "Nd" (port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	__asm__ volatile("in %1, %0" : "=a" (value) : "Nd" (port));
	return value;
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a" (low), "=d" (high));
	return low | (u64)high << 32;
}

#endif /* MICRO_H */
