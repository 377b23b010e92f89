# SPDX-License-Identifier: GPL-2.0-only
"""The guest's kernel with more in its configuration, such as kernel.config,
or with another patch.

scripts/guest-kernel builds what belongs to the tree that it lies in, so it
gets a tree: this one's scripts and build products, and guest-linux-patch/
with what is added.
"""
import os
import re
import shutil
import subprocess

from demolib.progress import OUT, TOP, DemoError, read_text, write_text

HERE = os.path.dirname(os.path.abspath(__file__))
ABOUT = re.compile(r"(?:# )?(CONFIG_\w+)[= ]")


def _option(line):
    match = ABOUT.match(line)
    return match and match.group(1)


def _merged(base, more):
    """The base's lines but for those about options that are in more."""
    replaced = set(filter(None, map(_option, more.splitlines())))
    kept = [line for line in base.splitlines()
            if _option(line) not in replaced]
    return "\n".join(kept) + "\n" + more


def _add_patch(series, patch):
    shutil.copy(patch, series)
    names = os.path.join(series, "series")
    write_text(names, read_text(names) + os.path.basename(patch) + "\n")


def _make_tree(tree, fragment, patch):
    shutil.rmtree(tree, ignore_errors=True)
    series = os.path.join(tree, "guest-linux-patch")
    shutil.copytree(os.path.join(TOP, "guest-linux-patch"), series)
    os.symlink(os.path.join(TOP, "scripts"), tree + "/scripts")
    os.symlink(OUT, tree + "/out")
    config = os.path.join(series, "config")
    if fragment:
        write_text(config, _merged(read_text(config), read_text(fragment)))
    if patch:
        _add_patch(series, patch)


def build(tree, fragment=os.path.join(HERE, "kernel.config"), patch=None):
    """Build it in a tree, with the fragment's lines and the patch; returns the
    path of its bzImage."""
    _make_tree(tree, fragment, patch)
    done = subprocess.run([tree + "/scripts/guest-kernel"], check=False,
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise DemoError("scripts/guest-kernel failed, see above")
    return os.path.realpath(done.stdout.strip())
