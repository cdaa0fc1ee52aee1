"""Starts this interpreter once more, from a file that nobody can change.

A script that is forked, and not started inside its world, has the machine's own file of its interpreter behind /proc/self/exe. Whoever owns
that file, as the service may, could take from everybody the right to run it. Reached by a mount that cannot be written it cannot be changed;
the mount lies in a view of the machine of its own, so that this process sees what the machine mounts later.
"""

import os
import signal
import socket
import sys

from . import handover, imports_ahead, kernel, limits, sandbox


def start_again(program, arguments):
    """Becomes `<this interpreter> -u <program> <arguments>`. Comes back only where the kernel says no, with the exit status."""
    ours, its = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        offer(os.readlink("/proc/self/exe"), its)
    its.close()
    descriptors = handover.receive(ours) or []
    os.waitpid(pid, 0)
    if len(descriptors) < 2:
        imports_ahead.tell({"ready": False, "cause": "the isolation of this machine failed: it lets nobody have a view of it of their own"})
        return 1
    interpreter, view = descriptors
    # As long as somebody has the view open, the file keeps its full name, by which some interpreters find their libraries.
    os.set_inheritable(view, True)
    os.execve(interpreter, [sys.executable, "-u", program, *arguments], os.environ)


def offer(path, to):
    """In a process of its own. Never returns."""
    try:
        limits.use_spare_descriptors()
        has_rights = sandbox.have_own_mounts()
        # Behind the new users, with which the kernel forgets it: nobody is left to wait where the other has ended.
        kernel.signal_when_parent_dies(signal.SIGKILL)
        kernel.bind(path, path)
        kernel.make_unwritable(path)
        descriptors = [os.open(path, os.O_RDONLY), sandbox.open_own("mnt")]
        if has_rights:
            leave_others(path)
        handover.send(to, descriptors)
    finally:
        os._exit(0)


def leave_others(path):
    """Whoever unmounts a disk of the machine is not to find it in use here."""
    for place in reversed(kernel.mounts_from("/")):
        if place != path and not path.startswith(place.rstrip("/") + "/"):
            try:
                kernel.unmount(place)
            except OSError:
                pass
