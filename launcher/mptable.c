// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of Intel's MultiProcessor Specification 1.4, for a machine of one
 * CPU whose backend has an IOAPIC: without it a guest of KVM uses neither
 * that nor the x2APIC.
 */
#include <string.h>

#include "gmem.h"
#include "mptable.h"

#define SPEC_1_4	4
#define LAPIC_ADDRESS	0xfee00000
#define LAPIC_VERSION	0x14
#define LAPIC_ALL	0xff
#define IOAPIC_ADDRESS	0xfec00000
#define IOAPIC_VERSION	0x11
#define IOAPIC_ID	1
#define ISA_BUS		0
#define NR_ISA_IRQS	16
#define CASCADE_IRQ	2
#define TIMER_PIN	2	/* where IRQ 0 arrives */

#define CPU_ENABLED	1
#define CPU_BOOT	2
#define IOAPIC_ENABLED	1

enum entry_type { ENTRY_CPU, ENTRY_BUS, ENTRY_IOAPIC, ENTRY_IRQ, ENTRY_LOCAL };
enum irq_type { IRQ_VECTORED, IRQ_NMI, IRQ_SMI, IRQ_EXTERNAL };

struct pointer {
	char signature[4];
	u32 table;
	u8 length;		/* in units of 16 bytes */
	u8 spec;
	u8 checksum;
	u8 features[5];
};

struct header {
	char signature[4];
	u16 length;
	u8 spec;
	u8 checksum;
	char oem[8];
	char product[12];
	u32 oem_table;
	u16 oem_size;
	u16 entries;
	u32 lapic;
	u32 pad;
};

struct cpu_entry {
	u8 type;
	u8 id;
	u8 version;
	u8 flags;
	u32 signature;
	u32 features;
	u32 pad[2];
};

struct bus_entry {
	u8 type;
	u8 id;
	char name[6];
};

struct ioapic_entry {
	u8 type;
	u8 id;
	u8 version;
	u8 flags;
	u32 address;
};

struct irq_entry {
	u8 type;
	u8 irq_type;
	u16 flags;		/* 0: as the bus has it */
	u8 bus;
	u8 irq;
	u8 apic;
	u8 pin;
};

struct table {
	struct header header;
	struct cpu_entry cpu;
	struct bus_entry bus;
	struct ioapic_entry ioapic;
	struct irq_entry irqs[NR_ISA_IRQS - 1];
	struct irq_entry local[2];
};

/* The bytes of each part add up to 0. */
static u8 checksum(const void *part, size_t size)
{
	const u8 *bytes = part;
	u8 sum = 0;

	while (size--)
		sum -= *bytes++;
	return sum;
}

static void fill_irqs(struct table *t)
{
	unsigned int irq, i = 0;

	for (irq = 0; irq < NR_ISA_IRQS; irq++) {
		if (irq == CASCADE_IRQ)
			continue;
		t->irqs[i++] = (struct irq_entry) {
			.type = ENTRY_IRQ, .irq_type = IRQ_VECTORED,
			.bus = ISA_BUS, .irq = irq, .apic = IOAPIC_ID,
			.pin = irq ? irq : TIMER_PIN,
		};
	}
}

static void fill_table(struct table *t)
{
	t->header = (struct header) {
		.signature = "PCMP", .length = sizeof(*t), .spec = SPEC_1_4,
		.oem = "LULL    ", .product = "LAUNCHER    ",
		.entries = 3 + NR_ISA_IRQS - 1 + 2, .lapic = LAPIC_ADDRESS,
	};
	t->cpu = (struct cpu_entry) {
		.type = ENTRY_CPU, .version = LAPIC_VERSION,
		.flags = CPU_ENABLED | CPU_BOOT,
	};
	t->bus = (struct bus_entry) {
		.type = ENTRY_BUS, .id = ISA_BUS, .name = "ISA   ",
	};
	t->ioapic = (struct ioapic_entry) {
		.type = ENTRY_IOAPIC, .id = IOAPIC_ID,
		.version = IOAPIC_VERSION, .flags = IOAPIC_ENABLED,
		.address = IOAPIC_ADDRESS,
	};
	fill_irqs(t);
	t->local[0] = (struct irq_entry) {
		.type = ENTRY_LOCAL, .irq_type = IRQ_EXTERNAL,
		.apic = LAPIC_ALL, .pin = 0,
	};
	t->local[1] = (struct irq_entry) {
		.type = ENTRY_LOCAL, .irq_type = IRQ_NMI,
		.apic = LAPIC_ALL, .pin = 1,
	};
	t->header.checksum = checksum(t, sizeof(*t));
}

/**
 * mptable_write() - put the table into a guest's memory
 * @mem: the memory
 */
void mptable_write(const struct gmem *mem)
{
	struct pointer *pointer;

	pointer = gmem_ptr(mem, MPTABLE_ADDRESS,
			   sizeof(*pointer) + sizeof(struct table));
	*pointer = (struct pointer) {
		.signature = "_MP_",
		.table = MPTABLE_ADDRESS + sizeof(*pointer),
		.length = sizeof(*pointer) / 16, .spec = SPEC_1_4,
	};
	pointer->checksum = checksum(pointer, sizeof(*pointer));
	fill_table((struct table *)(pointer + 1));
}
