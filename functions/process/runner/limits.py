"""What a script may use of the machine: set for each of its processes, and watched over for all of them together."""

import os
import resource

from . import kernel

PAGE_BYTES = resource.getpagesize()
# What is one too many must be there to be seen, and to be ended for it.
SPARE_PROCESSES = 8
MOST_TEMPORARY_FILES = 200_000
# A file takes about as much of the kernel's own memory.
BYTES_FOR_A_FILE = 1024
TEMPORARY_PLACES = ("/tmp", "/dev/shm")
# Left over for our own last words where a script has opened all that it may.
SPARE_DESCRIPTORS = 32


def apply(limits, has_own_users):
    """In the script's own process. A limit that is absent is not set."""
    lower(resource.RLIMIT_DATA, limits.get("memoryBytes"))
    lower(resource.RLIMIT_FSIZE, limits.get("fileBytes"))
    descriptors = limits.get("openFiles")
    if descriptors:
        lower(resource.RLIMIT_NOFILE, descriptors + SPARE_DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    # Elsewhere it would count everything that the service's user runs, the service too.
    if has_own_users and kernel.is_at_least(5, 14):
        processes = limits.get("processes")
        lower(resource.RLIMIT_NPROC, processes and processes + SPARE_PROCESSES)


def lower(what, limit):
    if not limit:
        return
    hard = resource.getrlimit(what)[1]
    most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(what, (most, most))


def use_spare_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        pass


def most_temporary_files(size_bytes):
    return min(MOST_TEMPORARY_FILES, size_bytes // BYTES_FOR_A_FILE)


def exceeded(limits, pids, isolated):
    """`memory`, `processes`, `temporary-files` or None, for all processes of a script together."""
    if limits.get("processes") and len(pids) > limits["processes"]:
        return "processes"
    most = limits.get("memoryBytes")
    if most and sum(own_memory(pid) for pid in pids) > most and sum(exact_memory(pid) for pid in pids) > most:
        return "memory"
    # bubblewrap limits the bytes of what lies in memory, not the names.
    if isolated and any(files_in(place) > most_temporary_files(limits["temporaryBytes"]) for place in TEMPORARY_PLACES):
        return "temporary-files"
    return None


def files_in(place):
    try:
        room = os.statvfs(place)
    except OSError:
        return 0
    return room.f_files - room.f_ffree


def own_memory(pid):
    """Memory that is not of a file. Pages that a fork shares with its parent count for both."""
    try:
        with open("/proc/%d/statm" % pid, "rb") as file:
            resident, shared = file.read().split()[1:3]
    except (OSError, ValueError):
        return 0
    return max(0, int(resident) - int(shared)) * PAGE_BYTES


def exact_memory(pid):
    """Shared pages divided among their owners. Slow, so asked only when it matters."""
    try:
        with open("/proc/%d/smaps_rollup" % pid, "rb") as file:
            lines = [line.split() for line in file]
    except OSError:
        return own_memory(pid)
    exact = [int(line[1]) * 1024 for line in lines if line[0] == b"Pss_Anon:"]
    return exact[0] if exact else own_memory(pid)
