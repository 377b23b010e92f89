# SPDX-License-Identifier: GPL-2.0-only
"""What a test machine consists of: everything that decides how it boots."""
import hashlib
import os
from dataclasses import dataclass
from typing import Optional

# Short names for the CPU models that the project is tested on.
CPUS = {
    "penryn": "core2_penryn_t9600",          # VMX without EPT and VPID
    "lynnfield": "corei5_lynnfield_750",     # with EPT and VPID
    "haswell": "corei7_haswell_4770",        # nearly everything
    "skylake": "corei7_skylake_x",
}
DEFAULT_CPU = CPUS["haswell"]

# Emulated instructions per emulated second.  A tick of the checkers' kernel
# takes so many of them that at the lower rate it did little else.
IPS = {"stock": 50_000_000, "checkers": 200_000_000}

# Initcalls that cost emulated seconds and serve nothing here: the event
# tables of tracefs (left in with --trace), and readers of vmlinux' BTF.
TRACING_INITCALLS = ["trace_eval_init", "tracer_init_tracefs",
                     "ftrace_check_for_weak_functions"]
BTF_INITCALLS = ["cubictcp_register", "bpf_rstat_kfunc_init",
                 "bpf_key_sig_kfuncs_init", "bpf_prog_test_run_init",
                 "kfunc_init", "bpf_tcp_ca_kfunc_init"]

# panic_print=32 repeats the whole kernel log when the kernel panics.
CMDLINE = ["console=ttyS0,115200", "quiet", "nokaslr", "mitigations=off",
           "tsc=reliable", "no_timer_check", "cryptomgr.notests",
           "clearcpuid=aperfmperf", "log_buf_len=1M", "panic_print=32",
           "panic=0"]


@dataclass(frozen=True)
class Machine:
    """One configuration; two runs with equal ones share a saved machine."""
    kernel: str
    cpu: str = DEFAULT_CPU
    smp: int = 1
    mem: int = 512              # MB
    ips: int = IPS["stock"]
    trace: bool = False
    base: Optional[str] = None  # folder merged into the initramfs
    append: str = ""

    def cmdline(self, *more):
        """The kernel command line."""
        skip = BTF_INITCALLS + ([] if self.trace else TRACING_INITCALLS)
        words = CMDLINE + ["initcall_blacklist=" + ",".join(skip)]
        if self.smp > 1:
            # With several CPUs Bochs 2.7 loses wake-ups from MWAIT.
            words.append("idle=halt")
        return " ".join(words + self.append.split() + list(more))

    def key(self, *parts):
        """A name for the saved machine: a hash of all that it is made of.

        parts are further strings, and paths of files whose content counts.
        """
        digest = hashlib.sha256()
        for part in parts:
            digest.update(file_digest(part) if os.path.isfile(part)
                          else part.encode())
        digest.update(file_digest(self.kernel))
        digest.update(repr((self.cmdline(), self.cpu, self.smp, self.mem,
                            self.ips)).encode())
        if self.base:
            digest.update(tree_digest(self.base))
        return digest.hexdigest()[:16]


def file_digest(path):
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        for block in iter(lambda: data.read(1 << 20), b""):
            digest.update(block)
    return digest.digest()


def tree_digest(top):
    """SHA-256 of the names, modes and contents below a folder."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            digest.update(repr((os.path.relpath(path, top), mode)).encode())
            if os.path.islink(path):
                digest.update(os.readlink(path).encode())
            elif os.path.isfile(path):
                digest.update(file_digest(path))
    return digest.digest()
