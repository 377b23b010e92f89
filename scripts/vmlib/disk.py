# SPDX-License-Identifier: GPL-2.0-only
"""The disk that carries files in and results out.

guest/vmdisk.c is the other side of this and describes the layout.
"""
import struct
from dataclasses import dataclass

from .paths import EXIT_DIED, VmError

SECTOR = 512
BATCH = 256 * SECTOR            # vmdisk reads and writes in units of this
DISK_HEADER = struct.Struct("<8sQQQ")
RESULT_HEADER = struct.Struct("<8sQII")
DISK_MAGIC = b"LULLDISK"
RESULT_MAGIC = b"LULLDONE"

SMALL_DISK = 128 << 20          # grows with the input
RESULT_MAX = 64 << 20


@dataclass
class Result:
    """What a run left on its disk."""
    status: int                 # the command's exit status
    files: bytes                # a tar archive
    truncated: bool


def _round_up(value, unit):
    return (value + unit - 1) // unit * unit


def disk_size(input_bytes):
    """Size of a disk that holds the input and a result."""
    needed = 2 * BATCH + _round_up(input_bytes, BATCH) + RESULT_MAX
    return max(SMALL_DISK, _round_up(needed, 1 << 20))


def write_disk(path, archive):
    """Make the disk image for one run; returns where the result will be."""
    result_at = _round_up(SECTOR + len(archive), BATCH)
    with open(path, "wb") as disk:
        disk.write(DISK_HEADER.pack(DISK_MAGIC, len(archive),
                                    result_at // SECTOR, RESULT_MAX)
                   .ljust(SECTOR, b"\0"))
        disk.write(archive)
        disk.truncate(disk_size(len(archive)))
    return result_at


def read_result(path, result_at):
    """The Result on a disk image, or None when there is none."""
    with open(path, "rb") as disk:
        disk.seek(result_at)
        header = disk.read(SECTOR)[:RESULT_HEADER.size]
        if len(header) < RESULT_HEADER.size:
            return None
        magic, length, status, truncated = RESULT_HEADER.unpack(header)
        if magic != RESULT_MAGIC:
            return None
        disk.seek(result_at + SECTOR)
        files = disk.read(length)
    if len(files) != length:
        raise VmError("the result on %s is cut off" % path, EXIT_DIED)
    return Result(status, files, bool(truncated))
