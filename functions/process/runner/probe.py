"""Looks round from where a script would stand: does the isolation hold on this machine? Tried, not reckoned."""

import os
import socket

from . import system_call_filter


def probe(job, _report):
    """`job`: a directory that may be written, and a file that must not be there."""
    checks = {
        "the file system": lambda: not os.path.exists(job["hidden"]) and not can_write(os.path.dirname(job["hidden"])),
        "the staging directory": lambda: can_write(job["outputDirectory"]),
        "processes": lambda: os.getppid() in (0, 1) and len([name for name in os.listdir("/proc") if name.isdigit()]) == 2,
        "the network": has_no_network,
        "the interpreter's file": lambda: not can_change("/proc/self/exe"),
        "rights": lambda: status("CapEff") == "0000000000000000" and status("NoNewPrivs") == "1",
        "system calls": lambda: not system_call_filter.is_known_here() or status("Seccomp") == "2",
    }
    failed = []
    for name, holds in checks.items():
        try:
            if not holds():
                failed.append(name)
        except OSError as error:
            failed.append("%s (%s)" % (name, error))
    return {"kind": "probe", "failed": failed}


def can_write(directory):
    path = os.path.join(directory, "written-by-the-probe")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        return False
    os.unlink(path)
    return True


def can_change(path):
    try:
        os.chmod(path, os.stat(path).st_mode)
    except OSError:
        return False
    return True


def has_no_network():
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def status(field):
    with open("/proc/self/status") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name == field:
                return value.strip()
    return None
