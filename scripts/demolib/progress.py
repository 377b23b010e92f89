# SPDX-License-Identifier: GPL-2.0-only
"""Where things are, how failures are named, and how progress is told."""
import os
import sys
import time

LIB = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(LIB))
OUT = os.path.join(TOP, "out")
DEMO = os.path.join(OUT, "demo")
LOGS = os.path.join(OUT, "log", "demo")

# scripts/demo has already looked at the packages when this program starts
_tool = os.environ.get("LULL_TOOL") or "demo"
_started = float(os.environ.get("LULL_STARTED") or time.time())


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


def elapsed():
    """Seconds since the demo started."""
    return time.time() - _started


def say(text):
    """Print one progress line to stderr, whole: two runs go on at once."""
    sys.stderr.write("[%4ds] %s: %s\n" % (elapsed(), _tool, text))
    sys.stderr.flush()


def told(run, *errors):
    """What run() returns; None after a failure, which is told."""
    try:
        return run()
    except (DemoError, *errors) as error:
        say("error: %s" % error)
    except KeyboardInterrupt:
        say("interrupted")
    return None


def shown(path):
    """A path as a reader would write it."""
    path = os.path.abspath(path)
    return os.path.relpath(path) if path.startswith(os.getcwd()) else path


def read_text(path):
    """A file's content, for reports and logs."""
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


def write_text(path, text):
    """Write a file whole or not at all."""
    new = "%s.%d" % (path, os.getpid())
    with open(new, "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(new, path)
