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
    descriptors = least(limits.get("openFiles"), most_descriptors())
    if descriptors:
        lower(resource.RLIMIT_NOFILE, descriptors + SPARE_DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    # Elsewhere it would count everything that the service's user runs, the service too.
    if has_own_users and kernel.is_at_least(5, 14):
        processes = limits.get("processes")
        lower(resource.RLIMIT_NPROC, processes and processes + SPARE_PROCESSES)


def most_descriptors():
    """Half of what the service may open: the kernel counts those under way in sockets for all of a user's processes together, and lets nobody
    send any who may open fewer than that."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return None if hard == resource.RLIM_INFINITY else hard // 2


def least(*limits):
    given = [limit for limit in limits if limit]
    return min(given) if given else None


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
    # From the quickest question to the most exact: a script may have a thousand processes.
    if most and all(sum(map(size, pids)) > most for size in (resident_memory, own_memory, exact_memory)):
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


def resident_memory(pid):
    """All that a process has in memory, files too. Quick."""
    try:
        with open("/proc/%d/statm" % pid, "rb") as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def own_memory(pid):
    """Memory that is not of a file, what it shares with others by mmap among it. What a fork shares with its parent counts for both."""
    return kilobytes("/proc/%d/status" % pid, (b"RssAnon:", b"RssShmem:")) or 0


def exact_memory(pid):
    """Shared pages divided among their owners. Slow, so asked only when it matters."""
    exact = kilobytes("/proc/%d/smaps_rollup" % pid, (b"Pss_Anon:", b"Pss_Shmem:"))
    return own_memory(pid) if exact is None else exact


def kilobytes(path, names):
    """The sum of these lines, in bytes; None where there is none of them."""
    try:
        with open(path, "rb") as file:
            found = [int(line.split()[1]) * 1024 for line in file if line.startswith(names)]
    except (OSError, ValueError, IndexError):
        return None
    return sum(found) if found else None
