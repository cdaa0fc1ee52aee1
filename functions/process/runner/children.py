"""For a process that waits for several things at once: children that end become bytes in a pipe."""

import os
import signal

from . import kernel


def open_wake_up():
    """(read, write). A byte comes for each signal that this process has a handler for."""
    woken, wake_up = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake_up, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    kernel.hear_only_of_ends(signal.SIGCHLD)
    signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)
    return woken


def forget():
    """In a fork, whose children are its own affair."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def ended():
    """(pid, status, resources used) of each that has ended since."""
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status, used
