# SPDX-License-Identifier: GPL-2.0-only
"""What the machine boots from: the guest tools, the initramfs, the CD."""
import os
import shutil
import subprocess

from .paths import GUEST, VM, VmError, run_tool

# Times in the images are fixed, so that equal content gives equal bytes.
EPOCH = 1_000_000_000

ISOLINUX = ["/usr/lib/ISOLINUX/isolinux.bin",
            "/usr/lib/syslinux/modules/bios/ldlinux.c32"]

INITRAMFS_DIRS = ["bin", "sbin", "usr/bin", "usr/sbin", "dev", "proc", "sys",
                  "tmp", "lib", "lib64", "etc", "root", "work", "out", "vm",
                  "var/tmp", "run"]

TOOLS = {  # program: (source, compiler options)
    "vmdisk": ("vmdisk.c", ["-static"]),
    "nosrand.so": ("nosrand.c", ["-shared", "-fPIC"]),
}


def tool(name):
    """Path of a guest tool, compiled when its source is newer."""
    source = os.path.join(GUEST, TOOLS[name][0])
    program = os.path.join(VM, "tools", name)
    if (os.path.exists(program)
            and os.path.getmtime(program) > os.path.getmtime(source)):
        return program
    os.makedirs(os.path.dirname(program), exist_ok=True)
    new = "%s.%d" % (program, os.getpid())
    run_tool(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", *TOOLS[name][1],
              "-o", new, source])
    os.rename(new, program)
    return program


def busybox():
    """Path of the static busybox."""
    found = shutil.which("busybox")
    if not found:
        raise VmError("busybox-static is not installed: run scripts/deps")
    return found


def _settle(top):
    """Give all files below top the fixed time."""
    for folder, folders, files in os.walk(top, topdown=False):
        for name in folders + files:
            os.utime(os.path.join(folder, name), (EPOCH, EPOCH),
                     follow_symlinks=False)
    os.utime(top, (EPOCH, EPOCH))


def make_initramfs(path, scratch, base=None):
    """Write the initramfs: busybox, vmdisk, /init, and what base holds."""
    root = os.path.join(scratch, "initramfs")
    for folder in INITRAMFS_DIRS:
        os.makedirs(os.path.join(root, folder))
    shutil.copy(busybox(), root + "/bin/busybox")
    for applet in run_tool([busybox(), "--list"], text=True).split():
        if applet != "busybox":
            os.symlink("busybox", root + "/bin/" + applet)
    shutil.copy(tool("vmdisk"), root + "/bin/")
    shutil.copy(os.path.join(GUEST, "init"), root + "/init")
    os.chmod(root + "/init", 0o755)
    if base:
        run_tool(["cp", "-a", base + "/.", root])
    _settle(root)
    names = run_tool(["find", ".", "-print0"], cwd=root)
    names = b"\0".join(sorted(names.rstrip(b"\0").split(b"\0"))) + b"\0"
    with open(path, "wb") as out:
        done = subprocess.run(["cpio", "-0", "-o", "-H", "newc", "--quiet",
                               "--reproducible", "-R", "0:0"], input=names,
                              stdout=out, cwd=root, check=False)
    if done.returncode:
        raise VmError("cpio failed while making the initramfs")
    shutil.rmtree(root)


def make_cd(path, scratch, machine, *append):
    """Write the bootable CD that the Bochs machine starts from."""
    root = os.path.join(scratch, "cd")
    os.makedirs(root)
    shutil.copy(machine.kernel, root + "/vmlinuz")
    make_initramfs(root + "/initrd.img", scratch, machine.base)
    write_cd(path, root, machine.cmdline(*append))


def write_cd(path, root, cmdline):
    """Write a bootable CD with vmlinuz and initrd.img of a folder, which
    goes."""
    os.makedirs(root + "/isolinux")
    for part in ISOLINUX:
        if not os.path.exists(part):
            raise VmError("%s is missing: run scripts/deps" % part)
        shutil.copy(part, root + "/isolinux/")
    with open(root + "/isolinux/isolinux.cfg", "w", encoding="ascii") as cfg:
        cfg.write("SERIAL 0 115200\nDEFAULT host\nLABEL host\n"
                  " KERNEL /vmlinuz\n APPEND initrd=/initrd.img %s\n"
                  % cmdline)
    make_iso(path, root)


def make_iso(path, root):
    """Write a CD that isolinux/ below root boots; root goes."""
    _settle(root)
    run_tool(["xorriso", "-as", "mkisofs", "-quiet", "-o", path,
              "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat",
              "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
              root], env=dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH)))
    shutil.rmtree(root)
