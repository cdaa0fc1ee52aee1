"""Before bubblewrap, where root starts it: its script keeps root's number outside, and with it owns the machine's devices.

bubblewrap shows them so that they can be changed. In a view of the machine that only it and its script have they can be used and no more.
"""

import os

from . import kernel, sandbox

# What bubblewrap's --dev shows.
DEVICES = sandbox.DEVICES + ("tty",)


def start(command):
    """Becomes bubblewrap. @raises OSError where the kernel says no"""
    sandbox.have_own_mounts()
    for name in DEVICES:
        path = "/dev/" + name
        if os.path.exists(path):
            kernel.bind(path, path)
            kernel.make_unchangeable_device(path)
    # Its /proc cannot be written later on.
    kernel.prefer_as_memory_victim()
    os.execvp(command[0], command)
