"""Where a script was when native code crashed: what Python's faulthandler wrote at that moment, in the scientist's own lines."""

import faulthandler
import fcntl
import os
import re

from .faults import is_inside, is_ours

# Beside the one for reports; see script_process.py.
DESCRIPTOR = 201
LARGEST_BYTES = 256 * 1024
F_SETPIPE_SZ = 1031
FRAME = re.compile(r'  File "(.{1,1000})", line ([0-9]{1,9}) in (.{1,500})$')


def open_pipe():
    """(read, write). Whoever crashes may not be kept from it by a full pipe: what does not fit is lost."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    try:
        fcntl.fcntl(write, F_SETPIPE_SZ, LARGEST_BYTES)
    except OSError:
        # A user may have only so many large pipes; the usual one holds most stacks.
        pass
    return read, write


def watch(descriptor):
    """In the script's own process, for it and for whatever forks from it."""
    faulthandler.enable(file=descriptor, all_threads=True)


def read(descriptor):
    parts = []
    while sum(map(len, parts)) < LARGEST_BYTES:
        try:
            part = os.read(descriptor, LARGEST_BYTES)
        except BlockingIOError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def in_own_lines(dump, script_directory):
    """(what to show in the log, where the script was or None). Scripts could write here too: it is shown, and decides nothing."""
    lines, place, is_current = [], None, False
    for line in dump.splitlines():
        if line.startswith("Extension modules:"):
            # All that was imported ahead.
            continue
        frame = FRAME.match(line)
        if frame is None:
            is_current = line.startswith("Current thread") or (is_current and line != "")
            place = None if line.startswith("Current thread") else place
            lines.append(line)
            continue
        file, number, name = frame.groups()
        if is_ours(file):
            continue
        if is_inside(file, script_directory):
            file = os.path.relpath(file, script_directory)
            if is_current and place is None:
                place = "%s, line %s" % (readable(file), number)
        lines.append('  File "%s", line %s in %s' % (file, number, name))
    return "\n".join(lines).strip(), place


def readable(name):
    return "".join(character if character.isprintable() else "?" for character in name)[:200]
