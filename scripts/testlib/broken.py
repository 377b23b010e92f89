# SPDX-License-Identifier: GPL-2.0-only
"""The guest's kernel with a bug: selftests/broken/."""
import os

from benchlib import kernel
from demolib.progress import DemoError
from vmlib.paths import TOP, VmError

NEEDS = ("broken-kernel", "broken-map")


def make(need, build):
    """Make one of NEEDS below the folder build; returns its path."""
    patch = os.path.join(TOP, "selftests", "broken", "idle.patch")
    try:
        image = kernel.build(os.path.join(build, "broken-kernel"), None, patch)
    except DemoError as error:
        raise VmError(str(error)) from error
    if need == "broken-kernel":
        return image
    return os.path.join(os.path.dirname(image), "System.map")
