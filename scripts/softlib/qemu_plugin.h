/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is used of the interface of QEMU's plugins, version 1: Debian has no
 * package with its header.
 */
#ifndef LULL_QEMU_PLUGIN_H
#define LULL_QEMU_PLUGIN_H

#include <stddef.h>

#define EXPORT		__attribute__((visibility("default")))

enum { INLINE_ADD_U64 = 0, CB_NO_REGS = 0 };

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
typedef void (*tb_callback)(unsigned long id, struct qemu_plugin_tb *tb);
typedef void (*insn_callback)(unsigned int cpu, void *data);

/* QEMU's functions */
void qemu_plugin_register_vcpu_tb_trans_cb(unsigned long id,
					   tb_callback callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t number);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						int op, void *counter,
						unsigned long add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    insn_callback callback, int flags,
					    void *data);
/* Not of the interface, but what the monitor's "info jit" prints */
void tlb_flush_counts(size_t *full, size_t *partial, size_t *elided);

/* What QEMU looks for */
extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(unsigned long id, const struct qemu_info_t *info,
			       int argc, char **argv);

#endif /* LULL_QEMU_PLUGIN_H */
