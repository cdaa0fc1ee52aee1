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


def all_of_a_script(isolated):
    """The numbers of all processes of the script that are there now."""
    if isolated:
        return [pid for pid, _ in processes_of_this_world()]
    return [pid for pid, _, state in descendants(os.getpid()) if state not in "ZX"]


def processes_of_this_world():
    """(pid, state) of all but this one, the first; those that have ended left out."""
    processes = (read_stat(entry) for entry in os.listdir("/proc") if entry.isdigit())
    found = [(process[0], process[3]) for process in processes if process is not None]
    return [(pid, state) for pid, state in found if pid != os.getpid() and state not in "ZX"]


def end_all_in_this_world(script, script_has_ended, deadline):
    """Kills everything at one stroke: to the kernel this process, the first of its world, may send a signal to all others.

    The script may be no child of this process; then its end is told elsewhere. `script` is None until it has told its number: before that it
    has no other processes.
    """
    left = LeftRunning()
    if script is not None:
        others = {pid for pid, _ in processes_of_this_world()} - (set() if script_has_ended else {script})
        left.ended = len(others)
    pause = 0.0005
    while True:
        send(os.kill, -1)
        has_children = reap_into(left, script)
        left.survivors = len(processes_of_this_world())
        if not has_children and left.survivors == 0:
            return left
        if time.monotonic() > deadline:
            return left
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


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
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            left.survivors = 0
            return False
        if pid == 0:
            return True
        if pid == script:
            left.status = status


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
