"""The few things that Python's standard library does not ask the kernel for. Each does its best: a machine may lack any of them."""

import ctypes
import resource

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def prctl(option, argument):
    try:
        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(argument), 0, 0, 0)
    except (OSError, AttributeError):
        pass


def adopt_orphans():
    """Processes whose parent has ended become children of this one, so none is out of reach."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def signal_when_parent_dies(number):
    prctl(PR_SET_PDEATHSIG, int(number))


def prefer_as_memory_victim():
    """When the machine runs out of memory, the script goes before the service."""
    try:
        with open("/proc/self/oom_score_adj", "wb") as file:
            file.write(b"500")
    except OSError:
        pass


def forbid_core_dumps():
    """They would land in the output directory, gigabytes large."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
