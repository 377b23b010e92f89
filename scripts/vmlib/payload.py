# SPDX-License-Identifier: GPL-2.0-only
"""What one run carries into the machine, as a tar archive.

Below work/ the caller's files, below vm/ what the machine is to do.  Modules
go in without .BTF and debug sections: the kernel would read its own whole BTF
at the first insmod.  Programs bring the shared libraries that they need.
"""
import io
import os
import re
import shlex
import shutil
import stat
import tarfile
import tempfile

from .image import EPOCH
from .paths import VmError, run_tool

LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")


# Leaks are told in the kernel's log.  What was allocated less than five
# seconds ago is not looked at, and what is only changing needs a second look.
LEAK_CHECK = """\
status=$?
sleep 6
echo scan >/sys/kernel/debug/kmemleak
echo scan >/sys/kernel/debug/kmemleak
while read -r line; do
	echo "$line" >/dev/kmsg
done </sys/kernel/debug/kmemleak
exit $status
"""


def command_script(argv, checks_leaks=False):
    """The script the machine runs: one argument is a shell's command line,
    more are a program and its arguments."""
    line = argv[0] if len(argv) == 1 else " ".join(map(shlex.quote, argv))
    return "(%s\n)\n%s" % (line, LEAK_CHECK) if checks_leaks else line + "\n"


def is_dynamic_program(path):
    """Does path need a program loader (an ELF file with PT_INTERP)?"""
    with open(path, "rb") as data:
        if data.read(4) != b"\x7fELF":
            return False
    headers = run_tool(["readelf", "-lW", path], text=True)
    return "INTERP" in headers or "NEEDED" in headers


def libraries_of(path):
    """The shared libraries of a program, as {path in the machine: file}."""
    found = {}
    for line in run_tool(["ldd", path], text=True).splitlines():
        if "not found" in line:
            raise VmError("%s: a shared library is missing: %s"
                          % (path, line.strip()))
        match = LIBRARY.search(line)
        if match:
            found[match.group(1).lstrip("/")] = os.path.realpath(
                match.group(1))
    return found


class Payload:
    """Collects files; archive() gives the tar archive."""

    def __init__(self):
        self._entries = {}      # path in the machine: file, or bytes
        self._libraries = {}

    def add_text(self, name, text):
        """Add a file with the given content."""
        self._entries[name] = text.encode()

    def add_tree(self, top):
        """Add all files below a folder, at /work."""
        if not os.path.isdir(top):
            raise VmError("--in %s: not a folder" % top)
        for folder, folders, files in os.walk(top):
            folders.sort()
            below = os.path.relpath(folder, top)
            for name in sorted(files) + [f for f in folders if os.path.islink(
                    os.path.join(folder, f))]:
                inside = os.path.normpath(os.path.join("work", below, name))
                self._add_file(inside, os.path.join(folder, name))
            if not files and not folders:
                self._entries[os.path.normpath("work/" + below)] = folder

    def add_file(self, path):
        """Add one file, at /work."""
        if not os.path.isfile(path):
            raise VmError("--file %s: no such file" % path)
        self._add_file("work/" + os.path.basename(path),
                       os.path.realpath(path))

    def add_program(self, name):
        """Add one of this system's programs, at /usr/bin."""
        path = shutil.which(name)
        if not path:
            raise VmError("--with %s: no such program" % name)
        self._add_file("usr/bin/" + os.path.basename(path),
                       os.path.realpath(path))

    def _add_file(self, inside, path):
        self._entries[inside] = path
        mode = os.lstat(path).st_mode
        if (stat.S_ISREG(mode) and mode & 0o111
                and not path.endswith(".ko") and is_dynamic_program(path)):
            self._libraries.update(libraries_of(path))

    def archive(self):
        """The tar archive; equal files give equal bytes."""
        out = io.BytesIO()
        entries = {**self._libraries, **self._entries}
        with tarfile.open(fileobj=out, mode="w",
                          format=tarfile.GNU_FORMAT) as tar:
            for name in sorted(entries):
                self._write(tar, name, entries[name])
        return out.getvalue()

    def _write(self, tar, name, source):
        if isinstance(source, bytes):
            info, data = tarfile.TarInfo(name), source
            info.mode = 0o755
        else:
            info = tar.gettarinfo(source, name)
            if info is None:
                return          # a socket
            if info.islnk():    # to a file that may be named otherwise inside
                info.type, info.linkname = tarfile.REGTYPE, ""
            data = _content(source) if info.isreg() else b""
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = EPOCH
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data) if data else None)


def _content(path):
    if path.endswith(".ko"):
        return _stripped_module(path)
    with open(path, "rb") as data:
        return data.read()


def _stripped_module(path):
    with tempfile.NamedTemporaryFile(suffix=".ko") as copy:
        run_tool(["objcopy", "--strip-debug", "-R", ".BTF", path, copy.name])
        with open(copy.name, "rb") as data:
            return data.read()
