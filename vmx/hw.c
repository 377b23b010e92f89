// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns VMX on this machine: Lull does, on every CPU, from insmod to
 * rmmod, or it does not load.  Every way in which a CPU is taken away
 * (unload, hotplug, suspend, reboot, kexec, panic) leaves VMX off.
 *
 * Also which VMCS is active on which CPU, because a CPU that leaves VMX must
 * first write back the VMCSs it caches.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/perf_event.h>
#include <asm/processor.h>
#include <asm/reboot.h>
#include <asm/tlbflush.h>

#include "vmx/cap.h"
#include "vmx/internal.h"

/**
 * struct vmx_cpu - VMX on one CPU
 * @vmxon:	VMXON region
 * @active:	every struct vmx_vcpu whose VMCS this CPU may cache
 * @current_vmcs: what VMREAD and VMWRITE act on, or NULL
 * @on:		in VMX operation
 *
 * All fields belong to their CPU with interrupts off, @vmxon to the module's
 * load and unload.
 */
struct vmx_cpu {
	struct vmcs *vmxon;
	struct list_head active;
	struct vmcs *current_vmcs;
	bool on;
};

static DEFINE_PER_CPU(struct vmx_cpu, vmx_cpus);
static struct vmx_config vmx_config __ro_after_init;

/* Perf may program this host's CPUs. */
DEFINE_STATIC_KEY_FALSE(lull_vmx_host_pmu);

/* Set once, and from any context: VMX is off or about to be. */
static bool going_down;

/**
 * lull_vmx_going_down() - has a reboot or panic switched VMX off?
 *
 * VMX instructions may then fault and their failures mean nothing.
 * Return: true if so.
 */
bool lull_vmx_going_down(void)
{
	return READ_ONCE(going_down);
}

/**
 * lull_vmx_config() - the controls in use
 *
 * Return: valid and constant after lull_vmx_init().
 */
const struct vmx_config *lull_vmx_config(void)
{
	return &vmx_config;
}

/* With interrupts off on the CPU where the VMCS is active. */
static void deactivate(struct vmx_vcpu *vmx)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);

	if (lull_vmcs_clear(vmx->vmcs) && !lull_vmx_going_down())
		pr_err_ratelimited("VMCLEAR failed\n");
	list_del(&vmx->cpu_link);
	if (vc->current_vmcs == vmx->vmcs)
		vc->current_vmcs = NULL;
	vmx->launched = false;
	WRITE_ONCE(vmx->cpu, -1);
}

static void release_here(void *arg)
{
	struct vmx_vcpu *vmx = arg;

	/* Else this CPU went down, and up again, since the caller looked. */
	if (vmx->cpu == smp_processor_id())
		deactivate(vmx);
}

/**
 * lull_vmx_release() - make a VMCS active nowhere
 * @vmx:	not loaded
 *
 * Interrupts are on.  A CPU that is offline needs no IPI: going down it
 * released all it had.
 */
void lull_vmx_release(struct vmx_vcpu *vmx)
{
	int cpu = READ_ONCE(vmx->cpu);

	if (cpu >= 0)
		smp_call_function_single(cpu, release_here, vmx, 1);
}

/* With interrupts off; the VMCS is active here or nowhere. */
static void activate(struct vmx_vcpu *vmx)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);

	/* VMPTRLD takes only a region that VMCLEAR has once initialized. */
	if ((vmx->cpu < 0 && lull_vmcs_clear(vmx->vmcs)) ||
	    lull_vmcs_make_current(vmx->vmcs)) {
		if (!lull_vmx_going_down())
			pr_err_ratelimited("VMPTRLD on CPU %d failed\n",
					   smp_processor_id());
		return;
	}
	vc->current_vmcs = vmx->vmcs;
	if (vmx->cpu < 0) {
		list_add(&vmx->cpu_link, &vc->active);
		vmx->cpu = smp_processor_id();
	}
}

/**
 * lull_vmx_acquire() - make a VMCS current on this CPU
 * @vmx:	not loaded; preemption off, interrupts on
 *
 * Return: true if the VMCS has come from another CPU or from none.
 */
bool lull_vmx_acquire(struct vmx_vcpu *vmx)
{
	bool moved = vmx->cpu != smp_processor_id();

	if (!moved && this_cpu_read(vmx_cpus.current_vmcs) == vmx->vmcs)
		return false;
	if (moved)
		lull_vmx_release(vmx);
	local_irq_disable();
	activate(vmx);
	local_irq_enable();
	/* The last guest here must not steer this one's speculation. */
	indirect_branch_prediction_barrier();
	return moved;
}

/**
 * lull_vmx_read_msrs() - what this CPU says of its VMX
 * @msrs:	receives it
 */
void lull_vmx_read_msrs(struct vmx_msrs *msrs)
{
	bool is_true;

	/* Without the bits that are reserved. */
	msrs->signature = cpuid_eax(1) & 0x0fff3fff;
	rdmsrl(MSR_IA32_VMX_BASIC, msrs->basic);
	is_true = msrs->basic & VMX_BASIC_TRUE_CONTROLS;
	rdmsrl(is_true ? MSR_IA32_VMX_TRUE_PINBASED_CTLS :
			 MSR_IA32_VMX_PINBASED_CTLS, msrs->pin);
	rdmsrl(is_true ? MSR_IA32_VMX_TRUE_PROCBASED_CTLS :
			 MSR_IA32_VMX_PROCBASED_CTLS, msrs->cpu);
	rdmsrl(is_true ? MSR_IA32_VMX_TRUE_EXIT_CTLS :
			 MSR_IA32_VMX_EXIT_CTLS, msrs->exit);
	rdmsrl(is_true ? MSR_IA32_VMX_TRUE_ENTRY_CTLS :
			 MSR_IA32_VMX_ENTRY_CTLS, msrs->entry);
	rdmsrl(MSR_IA32_VMX_MISC, msrs->misc);
	rdmsrl(MSR_IA32_VMX_CR0_FIXED0, msrs->cr0_fixed0);
	rdmsrl(MSR_IA32_VMX_CR0_FIXED1, msrs->cr0_fixed1);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED0, msrs->cr4_fixed0);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED1, msrs->cr4_fixed1);

	msrs->cpu2 = 0;
	msrs->ept_vpid = 0;
	if ((msrs->cpu >> 32) & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)
		rdmsrl(MSR_IA32_VMX_PROCBASED_CTLS2, msrs->cpu2);
	if ((msrs->cpu2 >> 32) &
	    (SECONDARY_EXEC_ENABLE_EPT | SECONDARY_EXEC_ENABLE_VPID))
		rdmsrl(MSR_IA32_VMX_EPT_VPID_CAP, msrs->ept_vpid);
}

/* Linux hides VMX in its CPUID copy when the firmware has it off. */
static bool cpu_has_vmx(void)
{
	return cpuid_ecx(1) & BIT(X86_FEATURE_VMX & 31);
}

/* IA32_FEATURE_CONTROL is the firmware's: it is read, never written. */
static const char *firmware_objection(void)
{
	u64 control;

	if (rdmsrl_safe(MSR_IA32_FEAT_CTL, &control))
		return "IA32_FEATURE_CONTROL cannot be read";
	if (!(control & FEAT_CTL_LOCKED))
		return "IA32_FEATURE_CONTROL is not locked";
	if (!(control & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX))
		return "VMX outside SMX is off in IA32_FEATURE_CONTROL";
	return NULL;
}

/* Can this CPU run guests, and with which controls? */
static int check_cpu(struct vmx_config *config)
{
	const char *why;
	struct vmx_msrs msrs;
	int cpu = raw_smp_processor_id();

	if (!cpu_has_vmx()) {
		pr_err("CPU %d has no VMX\n", cpu);
		return -ENODEV;
	}
	why = firmware_objection();
	if (why) {
		pr_err("VMX is disabled by the firmware on CPU %d: %s\n",
		       cpu, why);
		return -EOPNOTSUPP;
	}
	if (cr4_read_shadow() & X86_CR4_VMXE) {
		pr_err("VMX is in use on CPU %d (CR4.VMXE is set): unload the other hypervisor (kvm_intel, vboxdrv, vmmon)\n",
		       cpu);
		return -EBUSY;
	}
	lull_vmx_read_msrs(&msrs);
	if (lull_vmx_choose_config(&msrs, config, &why)) {
		pr_err("CPU %d lacks a VMX control that Lull needs: %s\n",
		       cpu, why);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int vmx_on(struct vmx_cpu *vc)
{
	int err;

	/* Processor Trace must stop first on CPUs where VMX excludes it. */
	intel_pt_handle_vmx(1);
	cr4_set_bits(X86_CR4_VMXE);
	err = lull_vmxon(vc->vmxon);
	if (err) {
		cr4_clear_bits(X86_CR4_VMXE);
		intel_pt_handle_vmx(0);
		pr_err("VMXON on CPU %d failed\n", smp_processor_id());
		return err;
	}
	vc->on = true;
	return 0;
}

/* Is this CPU like the one that vmx_config was read on? */
static int check_same(int cpu)
{
	struct vmx_config config;
	int err;

	err = check_cpu(&config);
	if (err)
		return err;
	if (memcmp(&config, &vmx_config, sizeof(config))) {
		pr_err("CPU %u has other VMX capabilities than the rest\n",
		       cpu);
		return -EIO;
	}
	return 0;
}

/* cpuhp and resume: interrupts are off. */
static int cpu_start(unsigned int cpu)
{
	int err;

	if (lull_vmx_going_down())
		return -EBUSY;
	err = check_same(cpu);
	return err ? err : vmx_on(this_cpu_ptr(&vmx_cpus));
}

/*
 * A CPU cannot be refused any more where this is called.  One without VMX
 * comes online as others do; a guest that gets there fails to enter.
 */
static int cpu_starting(unsigned int cpu)
{
	cpu_start(cpu);
	return 0;
}

/* cpuhp, suspend and reboot: interrupts are off. */
static int cpu_stop(unsigned int cpu)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	struct vmx_vcpu *vmx, *next;

	if (!vc->on)
		return 0;
	list_for_each_entry_safe(vmx, next, &vc->active, cpu_link)
		deactivate(vmx);
	vc->on = false;
	if (lull_vmxoff())
		pr_err("VMXOFF on CPU %u failed\n", cpu);
	cr4_clear_bits(X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
	return 0;
}

/*
 * The kernel calls this on each CPU on its way to a crash kernel or an
 * emergency restart, from an NMI too, and the CPU does nothing else after.
 * List links are thus only followed forward, which list_add() and list_del()
 * keep valid at every instruction.
 */
static void emergency_off(void)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	struct vmx_vcpu *vmx;

	WRITE_ONCE(going_down, true);
	if (!vc->on)
		return;
	vc->on = false;
	list_for_each_entry(vmx, &vc->active, cpu_link)
		lull_vmcs_clear(vmx->vmcs);
	lull_vmxoff();
	cr4_clear_bits(X86_CR4_VMXE);
}

static int syscore_off(void)
{
	return cpu_stop(smp_processor_id());
}

static void syscore_on(void)
{
	if (cpu_start(smp_processor_id()))
		pr_err("guests cannot run on CPU %d after this resume\n",
		       smp_processor_id());
}

static void check_here(void *err)
{
	int here = check_same(smp_processor_id());

	if (here)
		WRITE_ONCE(*(int *)err, here);
}

static void check_on(void *err)
{
	if (!this_cpu_read(vmx_cpus.on))
		WRITE_ONCE(*(int *)err, -EIO);
}

static struct syscore_ops syscore_ops = {
	.suspend = syscore_off,
	.resume = syscore_on,
};

static void stop_here(void *unused)
{
	cpu_stop(smp_processor_id());
}

static int reboot_off(struct notifier_block *nb, unsigned long action,
		      void *data)
{
	WRITE_ONCE(going_down, true);
	on_each_cpu(stop_here, NULL, 1);
	return NOTIFY_OK;
}

static struct notifier_block reboot_notifier = {
	.notifier_call = reboot_off,
};

/*
 * The kernel has room for one emergency callback, and kvm_intel registers
 * its own as soon as it is loaded.  So the two cannot be loaded together.
 */
static bool is_kvm_loaded(void)
{
	static const char export[] = "kvm_rebooting";

	if (!__symbol_get(export))
		return false;
	__symbol_put(export);
	return true;
}

static int refuse_kvm_intel(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	const struct module *mod = data;

	if (action != MODULE_STATE_COMING || strcmp(mod->name, "kvm_intel"))
		return NOTIFY_DONE;
	pr_err("kvm_intel cannot be loaded while Lull owns VMX: rmmod lull first\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block module_notifier = {
	.notifier_call = refuse_kvm_intel,
};

static void free_vmxon(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		free_page((unsigned long)per_cpu(vmx_cpus.vmxon, cpu));
		per_cpu(vmx_cpus.vmxon, cpu) = NULL;
	}
}

static int alloc_vmxon(void)
{
	struct vmx_cpu *vc;
	struct page *page;
	int cpu;

	for_each_possible_cpu(cpu) {
		vc = per_cpu_ptr(&vmx_cpus, cpu);
		INIT_LIST_HEAD(&vc->active);
		page = alloc_pages_node(cpu_to_node(cpu),
					GFP_KERNEL | __GFP_ZERO, 0);
		if (!page) {
			free_vmxon();
			return -ENOMEM;
		}
		vc->vmxon = page_address(page);
		vc->vmxon->revision = vmx_config.revision;
	}
	return 0;
}

static void find_pmu(void)
{
	struct x86_pmu_capability pmu;

	perf_get_x86_pmu_capability(&pmu);
	if (pmu.num_counters_gp)
		static_branch_enable(&lull_vmx_host_pmu);
}

static int check_machine(void)
{
	int err;

	if (is_kvm_loaded()) {
		pr_err("kvm is loaded and takes VMX for itself: rmmod kvm_intel kvm\n");
		return -EBUSY;
	}
	preempt_disable();
	err = check_cpu(&vmx_config);
	preempt_enable();
	if (!err)
		on_each_cpu(check_here, &err, 1);
	return err;
}

/**
 * lull_vmx_init() - take VMX on every CPU
 *
 * Return: 0; -ENODEV without VMX; -EOPNOTSUPP if the firmware disabled it or
 * a required control is missing; -EBUSY if another hypervisor has it; -EIO
 * if CPUs differ or VMXON fails; -ENOMEM.
 */
int lull_vmx_init(void)
{
	int err;

	err = register_module_notifier(&module_notifier);
	if (err)
		return err;
	err = check_machine();
	if (err)
		goto err_module_notifier;
	err = lull_vmx_count_init();
	if (err)
		goto err_module_notifier;
	err = alloc_vmxon();
	if (err)
		goto err_count;
	find_pmu();
	cpu_emergency_register_virt_callback(emergency_off);
	/*
	 * This state's callbacks run where no task runs any more, or yet, on
	 * the CPU.  It is free: kvm_intel, its only user, is not loaded.
	 */
	err = cpuhp_setup_state(CPUHP_AP_KVM_STARTING, "lull/vmx:starting",
				cpu_starting, cpu_stop);
	if (err)
		goto err_emergency;
	on_each_cpu(check_on, &err, 1);
	if (err)
		goto err_state;
	register_syscore_ops(&syscore_ops);
	register_reboot_notifier(&reboot_notifier);
	return 0;

err_state:
	cpuhp_remove_state(CPUHP_AP_KVM_STARTING);
err_emergency:
	cpu_emergency_unregister_virt_callback(emergency_off);
	free_vmxon();
err_count:
	lull_vmx_count_exit();
err_module_notifier:
	unregister_module_notifier(&module_notifier);
	return err;
}

/**
 * lull_vmx_exit() - leave VMX on every CPU
 *
 * No vCPU exists any more.
 */
void lull_vmx_exit(void)
{
	unregister_reboot_notifier(&reboot_notifier);
	unregister_syscore_ops(&syscore_ops);
	cpuhp_remove_state(CPUHP_AP_KVM_STARTING);
	cpu_emergency_unregister_virt_callback(emergency_off);
	free_vmxon();
	lull_vmx_count_exit();
	unregister_module_notifier(&module_notifier);
}
