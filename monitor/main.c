// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lull: a hosted VMM without EPT.  Module lifetime and /dev/lull.
 */
#define pr_fmt(fmt) "lull: " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "hypercall/uapi/lull_para.h"
#include "monitor/cpuid.h"
#include "monitor/vcpu.h"

#define CREATE_TRACE_POINTS
#include "monitor/trace.h"

static int get_caps(struct lull_caps __user *ucaps)
{
	const struct vmx_config *config = lull_vmx_config();
	struct lull_caps caps = {
		.features = (config->vpid ? LULL_CAP_VPID : 0) |
			    (config->tpr_shadow ? LULL_CAP_TPR_SHADOW : 0) |
			    (lull_cpuid_efer_mask() & EFER_NX ? LULL_CAP_NX : 0) |
			    (lull_cpuid_xcr0_mask() ? LULL_CAP_XSAVE : 0),
		.para_features = lull_vm_para_features(),
		.tsc_khz = tsc_khz,
		.run_size = PAGE_SIZE,
		.max_vcpus = LULL_MAX_VCPUS,
		.max_slots = LULL_MAX_SLOTS,
	};

	return copy_to_user(ucaps, &caps, sizeof(caps)) ? -EFAULT : 0;
}

static long system_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case LULL_GET_API_VERSION:
		return arg ? -EINVAL : LULL_API_VERSION;
	case LULL_GET_CAPS:
		return get_caps((struct lull_caps __user *)arg);
	case LULL_CREATE_VM:
		return lull_vm_create_fd((struct lull_vm_config __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations lull_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = system_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice lull_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lull",
	.fops = &lull_fops,
	.mode = 0600,
};

static int __init lull_init(void)
{
	int r;

	r = lull_shadow_module_init();
	if (r)
		return r;
	r = lull_vmx_init();
	if (r)
		goto err_shadow;
	r = lull_shrink_init();
	if (r)
		goto err_vmx;
	lull_debugfs_init();
	r = misc_register(&lull_device);
	if (r)
		goto err_shrink;
	return 0;

err_shrink:
	lull_debugfs_exit();
	lull_shrink_exit();
err_vmx:
	lull_vmx_exit();
err_shadow:
	lull_shadow_module_exit();
	return r;
}

static void __exit lull_exit(void)
{
	misc_deregister(&lull_device);
	lull_debugfs_exit();
	lull_shrink_exit();
	lull_soft_tlb_module_exit();
	lull_vmx_exit();
	lull_shadow_module_exit();
}

module_init(lull_init);
module_exit(lull_exit);
MODULE_DESCRIPTION("Hosted VMM on shadow page tables, for guests that announce idle");
MODULE_AUTHOR("The Lull developers");
MODULE_LICENSE("GPL");
