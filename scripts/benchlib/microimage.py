# SPDX-License-Identifier: GPL-2.0-only
"""Builds micro/ into an image that `lull run --kernel` takes: a flat program
behind the header of a bzImage (Documentation/x86/boot.rst)."""
import os
import struct
import subprocess

from demolib.progress import DemoError

LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "micro")
LOAD = 0x100000
RUN_SIZE = 0x200000             # image, tables and stack
SECTOR = 512
SETUP_SECTORS = 1

CFLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding",
          "-mgeneral-regs-only", "-mno-red-zone", "-fno-stack-protector",
          "-fcf-protection=none", "-fno-pie", "-fno-builtin"]
LDFLAGS = ["-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none",
           "-Wl,--section-start=.head=%#x" % LOAD,
           "-Wl,-Ttext=%#x" % (LOAD + 0x1000), "-Wl,-z,noexecstack"]

FIELDS = (                      # offset in the file, format, value
    (0x1f1, "<B", SETUP_SECTORS), (0x1fe, "<H", 0xaa55),
    (0x200, "<H", 0x6aeb),      # a jump to the header's end
    (0x202, "<4s", b"HdrS"), (0x206, "<H", 0x20f), (0x211, "<B", 1),
    (0x22c, "<I", 0x7fffffff), (0x230, "<I", 0x200000), (0x236, "<H", 1),
    (0x238, "<I", 255), (0x258, "<Q", LOAD), (0x260, "<I", RUN_SIZE))


def _tool(*argv):
    if subprocess.run(argv, check=False).returncode:
        raise DemoError("%s failed, see above" % argv[0])


def build(path):
    """Write the image."""
    program, flat = path + ".elf", path + ".flat"
    sources = [os.path.join(LIB, name) for name in sorted(os.listdir(LIB))
               if name.endswith((".c", ".S"))]
    _tool("gcc", *CFLAGS, *LDFLAGS, "-o", program, *sources)
    _tool("objcopy", "-O", "binary", program, flat)
    with open(flat, "rb") as data:
        payload = data.read()
    payload += bytes(-len(payload) % 16)
    head = bytearray((SETUP_SECTORS + 1) * SECTOR)
    for offset, form, value in FIELDS + ((0x1f4, "<I", len(payload) // 16),):
        struct.pack_into(form, head, offset, value)
    with open(path, "wb") as out:
        out.write(head + payload)
    os.unlink(flat)
    return path
