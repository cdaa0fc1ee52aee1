"""Ends everything that a script has started, however it tried to slip away."""

import os
import signal
import time


class LeftRunning:
    """How many processes had to be ended, how many could not be, and the script's own end if it was seen here."""

    def __init__(self):
        self.ended = 0
        self.survivors = 0
        self.status = None
        self.usage = None


def end_all_descendants(script, script_has_ended, deadline):
    """Kills until no child is left. Orphans come to this process (a subreaper), so "no child" means "nothing"."""
    left = LeftRunning()
    seen = set() if script_has_ended else {script}
    pause = 0.001
    while True:
        if not reap_into(left, script):
            return left
        found = descendants(os.getpid())
        killed_now = {pid for pid, _, state in found if state not in "ZX"}
        left.ended += len(killed_now - seen)
        seen |= killed_now
        kill_all(found)
        left.survivors = len(killed_now)
        if time.monotonic() > deadline:
            return left
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def reap_into(left, script):
    """False when this process has no children any more."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            left.survivors = 0
            return False
        if pid == 0:
            return True
        if pid == script:
            left.status, left.usage = status, usage


def kill_all(found):
    # Groups first: a signal to a group also reaches what is being forked at this moment.
    own_group = os.getpgrp()
    for group in {group for _, group, _ in found if group not in (0, own_group)}:
        send(os.killpg, group)
    for pid, _, _ in found:
        send(os.kill, pid)


def send(how, target):
    try:
        how(target, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def descendants(root):
    """(pid, process group, state) of everything below `root`."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            process = read_stat(entry)
            if process is not None:
                pid, parent, group, state = process
                children.setdefault(parent, []).append((pid, group, state))
    found, places = [], [root]
    while places:
        for child in children.get(places.pop(), []):
            found.append(child)
            places.append(child[0])
    return found


def read_stat(pid):
    try:
        with open("/proc/%s/stat" % pid, "rb") as file:
            # The name in parentheses may hold anything, parentheses too: what counts stands behind the last one.
            state, parent, group = file.read().rpartition(b")")[2].split()[:3]
    except (OSError, ValueError):
        return None
    return int(pid), int(parent), int(group), state.decode("ascii")
