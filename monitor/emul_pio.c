// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port I/O (SDM: "Exit Qualification for I/O Instructions"): the interrupt
 * chips here, everything else in the launcher.  INS and OUTS are done one
 * element at a time; REP goes on by executing the instruction again.
 */
#include "monitor/vcpu.h"

struct pio {
	u16 port;
	u8 size;
	bool in;
	bool string;
	bool rep;
};

static struct pio decode(u64 qualification)
{
	return (struct pio){
		.port = qualification >> 16,
		.size = (qualification & 7) + 1,
		.in = qualification & BIT(3),
		.string = qualification & BIT(4),
		.rep = qualification & BIT(5),
	};
}

static u32 size_mask(u8 size)
{
	return size == 4 ? ~0U : (1U << (8 * size)) - 1;
}

/* A 32-bit result clears the upper half of RAX, others keep the rest. */
static void set_result(struct lull_vcpu *vcpu, u8 size, u32 data)
{
	u64 *rax = &vcpu->gpr[LULL_RAX];
	u32 mask = size_mask(size);

	if (size == 4)
		*rax = data;
	else
		*rax = (*rax & ~(u64)mask) | (data & mask);
}

/* Width of the address registers: 32 bits in other than 64-bit code. */
static u64 address_mask(struct lull_vcpu *vcpu)
{
	return lull_vcpu_in_64bit_code(vcpu) ? ~0ULL : ~0U;
}

/* One element is done: step the index and the count. */
static int string_step(struct lull_vcpu *vcpu, const struct pio *pio)
{
	u64 mask = address_mask(vcpu);
	u64 *index = &vcpu->gpr[pio->in ? LULL_RDI : LULL_RSI];
	u64 *count = &vcpu->gpr[LULL_RCX];
	bool down = lull_vmx_get_rflags(&vcpu->vmx) & X86_EFLAGS_DF;

	*index = (*index + (down ? -pio->size : pio->size)) & mask;
	if (pio->rep) {
		*count = (*count - 1) & mask;
		if (*count)
			return LULL_NEXT_GUEST;
	}
	return lull_next_insn(vcpu);
}

static int store_in(struct lull_vcpu *vcpu, const struct pio *pio, u32 data)
{
	struct lull_exception ex;
	int r;

	if (!pio->string) {
		set_result(vcpu, pio->size, data);
		return lull_next_insn(vcpu);
	}
	r = lull_gva_write(vcpu, lull_vmx_get_linear_address(&vcpu->vmx), &data, pio->size,
			   &ex);
	if (r > 0) {
		lull_inject_fault(vcpu, &ex);
		return LULL_NEXT_GUEST;
	}
	return r ? r : string_step(vcpu, pio);
}

/*
 * INS faults before it reads the port, whose data would else be lost: 0, 1
 * when a fault was injected, or -errno.
 */
static int probe_in(struct lull_vcpu *vcpu, const struct pio *pio)
{
	struct lull_exception ex;
	int r;

	if (!pio->string)
		return 0;
	r = lull_gva_probe(vcpu, lull_vmx_get_linear_address(&vcpu->vmx),
			   pio->size, LULL_PF_WRITE, &ex);
	if (r > 0)
		lull_inject_fault(vcpu, &ex);
	return r;
}

/* Fetch what OUT sends: 0, 1 when a fault was injected, or -errno. */
static int load_out(struct lull_vcpu *vcpu, const struct pio *pio, u32 *data)
{
	struct lull_exception ex;
	int r;

	*data = vcpu->gpr[LULL_RAX] & size_mask(pio->size);
	if (!pio->string)
		return 0;
	*data = ~0U;
	r = lull_gva_read(vcpu, lull_vmx_get_linear_address(&vcpu->vmx), data,
			  pio->size, 0, &ex);
	*data &= size_mask(pio->size);
	if (r > 0)
		lull_inject_fault(vcpu, &ex);
	/* No memory reads as ones. */
	return r == -ENOENT ? 0 : r;
}

static int finish_out(struct lull_vcpu *vcpu, const struct pio *pio)
{
	return pio->string ? string_step(vcpu, pio) : lull_next_insn(vcpu);
}

static int to_launcher(struct lull_vcpu *vcpu, const struct pio *pio, u32 data)
{
	struct lull_run *run = vcpu->run;

	run->reason = LULL_RUN_IO;
	run->io.port = pio->port;
	run->io.direction = pio->in ? LULL_IO_IN : LULL_IO_OUT;
	run->io.size = pio->size;
	run->io.data = data;
	vcpu->io_pending = true;
	lull_count(vcpu, LULL_CNT_IO_USER);
	return LULL_NEXT_USER;
}

/**
 * lull_emul_pio() - IN, OUT, INS, OUTS
 * @vcpu:	the vCPU
 *
 * Return: enum lull_next, or -errno.
 */
int lull_emul_pio(struct lull_vcpu *vcpu)
{
	struct pio pio = decode(vcpu->exit.qualification);
	struct lull_irqchip *chip = &vcpu->vm->chip;
	u32 data = 0;
	int r;

	if (pio.rep && !(vcpu->gpr[LULL_RCX] & address_mask(vcpu)))
		return lull_next_insn(vcpu);
	r = pio.in ? probe_in(vcpu, &pio) : load_out(vcpu, &pio, &data);
	if (r)
		return r < 0 ? r : LULL_NEXT_GUEST;
	if (!lull_irqchip_owns_port(pio.port))
		return to_launcher(vcpu, &pio, data);
	if (pio.in)
		return store_in(vcpu, &pio,
				lull_irqchip_in(chip, pio.port, pio.size));
	lull_irqchip_out(chip, pio.port, pio.size, data);
	return finish_out(vcpu, &pio);
}

/**
 * lull_emul_pio_quick() - IN and OUT of the interrupt hardware
 * @vcpu:	the vCPU
 *
 * Context: interrupts off.
 * Return: LULL_NEXT_GUEST, or LULL_NEXT_SLOW with nothing done.
 */
int lull_emul_pio_quick(struct lull_vcpu *vcpu)
{
	struct pio pio = decode(vcpu->exit.qualification);
	struct lull_irqchip *chip = &vcpu->vm->chip;

	if (pio.string || !lull_irqchip_owns_port(pio.port))
		return LULL_NEXT_SLOW;
	if (pio.in)
		set_result(vcpu, pio.size,
			   lull_irqchip_in(chip, pio.port, pio.size));
	else
		lull_irqchip_out(chip, pio.port, pio.size,
				 vcpu->gpr[LULL_RAX] & size_mask(pio.size));
	return lull_next_insn(vcpu);
}

/**
 * lull_emul_pio_finish() - the launcher has done its part
 * @vcpu:	the vCPU, with vcpu->exit as it was
 *
 * Return: enum lull_next, or -errno.
 */
int lull_emul_pio_finish(struct lull_vcpu *vcpu)
{
	struct pio pio = decode(vcpu->exit.qualification);
	int r = pio.in ? store_in(vcpu, &pio, READ_ONCE(vcpu->run->io.data)) :
			 finish_out(vcpu, &pio);

	/* A device gives its data once: INS is tried again with them. */
	vcpu->io_pending = r < 0;
	return r;
}
