"""What Python's standard library does not ask the kernel for: the few calls of Linux that hold a script, by ctypes."""

import ctypes
import fcntl
import os
import resource
import signal
import struct

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MNT_DETACH = 2

# The same number on every architecture that knows it (Linux 5.12).
SYS_MOUNT_SETATTR = 442
SYS_CLONE = {"x86_64": 56, "aarch64": 220}
AT_FDCWD = -100
AT_RECURSIVE = 0x8000
AT_SYMLINK_NOFOLLOW = 0x100

SA_NOCLDSTOP = 1

SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1

libc = ctypes.CDLL(None, use_errno=True)


def asked(answer, what):
    """@raises OSError with what was asked, where the kernel says no."""
    if answer == -1:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))
    return answer


def is_at_least(major, minor):
    """Some limits hold for a namespace only since a version; before, they would have been the machine's."""
    try:
        return tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (major, minor)
    except ValueError:
        return False


# Told once, and not at each of the fifty calls that a script's start makes of it.
process_control = libc.prctl
process_control.argtypes = (ctypes.c_int,) + (ctypes.c_ulong,) * 4


def prctl(option, first=0, second=0):
    return process_control(option, first, second, 0, 0)


def adopt_orphans():
    """Processes whose parent has ended become children of this one, so none is out of reach."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def signal_when_parent_dies(number):
    prctl(PR_SET_PDEATHSIG, int(number))


def be_unreadable():
    """Nobody of the same user may look into this process, trace it or open its descriptors."""
    prctl(PR_SET_DUMPABLE, 0)


def be_readable():
    prctl(PR_SET_DUMPABLE, 1)


def gain_no_rights():
    """No program started from here on gains any by its set-user-id bit or its capabilities."""
    asked(prctl(PR_SET_NO_NEW_PRIVS, 1), "no new privileges")


def give_up_capabilities():
    """All that a user namespace gives its first process."""
    for capability in range(64):
        if prctl(PR_CAPBSET_DROP, capability) == -1 and capability > 40:
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", 0x20080522, 0)
    asked(libc.capset(header, b"\0" * 24), "giving up capabilities")


def prefer_as_memory_victim():
    """When the machine runs out of memory, the script goes before the service."""
    try:
        write("/proc/self/oom_score_adj", b"500")
    except OSError:
        pass


def write(path, content):
    """At one stroke, which is how the kernel's own files want it."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def real_path(path):
    """Without links, by the kernel's own word: one question, and not one for each folder on the way."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return os.path.realpath(path)
    try:
        return os.readlink("/proc/self/fd/%d" % descriptor)
    finally:
        os.close(descriptor)


def forbid_core_dumps():
    """They would land in the output directory, gigabytes large."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class SignalAction(ctypes.Structure):
    """glibc's and musl's `struct sigaction`."""

    _fields_ = [("handler", ctypes.c_void_p), ("mask", ctypes.c_byte * 128), ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p)]


def hear_only_of_ends(number):
    """A child that stops and goes on, as often as it likes, wakes nobody. Call it once the signal has a handler."""
    action = SignalAction()
    if libc.sigaction(int(number), None, ctypes.byref(action)) == 0:
        action.flags |= SA_NOCLDSTOP
        libc.sigaction(int(number), ctypes.byref(action), None)


def close_all_but(kept):
    """Closes every descriptor from 3 on that is not among `kept`."""
    first = 3
    for descriptor in sorted(kept):
        if descriptor >= first:
            os.closerange(first, descriptor)
            first = descriptor + 1
    # What is open lies low; asking for each number up to a limit of a million takes its time.
    for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
        if descriptor >= first:
            os.closerange(descriptor, descriptor + 1)


def unshare(namespaces):
    asked(libc.unshare(ctypes.c_int(namespaces)), "new namespaces")


def enter_namespace(descriptor, kind):
    asked(libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "entering a namespace")


def fork_into(namespaces):
    """As `os.fork`, but the child is the first of namespaces of its own. For a process with one thread only.

    One fork less than `unshare` and then `fork`: what a fork costs is the copy of all that was imported.
    """
    python = ctypes.pythonapi
    call = ctypes.PyDLL(None, use_errno=True).syscall
    number = SYS_CLONE[os.uname().machine]
    python.PyOS_BeforeFork()
    pid = call(ctypes.c_long(number), ctypes.c_ulong(namespaces | signal.SIGCHLD), None, None, None, None)
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    problem = ctypes.get_errno()
    python.PyOS_AfterFork_Parent()
    if pid == -1:
        raise OSError(problem, "new namespaces: %s" % os.strerror(problem))
    return pid


def mount(source, target, kind, flags, options=None):
    def text(value):
        return None if value is None else os.fsencode(value)

    answer = libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(options))
    asked(answer, "mounting %s" % target)


def bind(source, target):
    mount(source, target, None, MS_BIND | MS_REC)


def make_unwritable(target):
    """A mount and all that is mounted below it: read-only, without devices and set-user-id programs."""
    attributes = struct.pack("=QQQQ", MS_RDONLY | MS_NOSUID | MS_NODEV, 0, 0, 0)
    answer = libc.syscall(
        ctypes.c_long(SYS_MOUNT_SETATTR),
        ctypes.c_int(AT_FDCWD),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_uint(AT_RECURSIVE | AT_SYMLINK_NOFOLLOW),
        ctypes.c_char_p(attributes),
        ctypes.c_size_t(len(attributes)),
    )
    if answer == -1:
        for place in mounts_from(target):
            remount(place, MS_RDONLY | MS_NOSUID | MS_NODEV)


def make_unchangeable_device(target):
    """It can be read and written as before; its owner cannot take that from others, which root's number could."""
    remount(target, MS_RDONLY | MS_NOSUID | MS_NOEXEC)


def remount(target, added):
    """Adds flags; those that a mount has already must be repeated, or the kernel refuses."""
    has = os.statvfs(target).f_flag
    kept = sum(flag for flag in (MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, 1024, 2048) if has & flag)
    # ST_RELATIME is not the number of MS_RELATIME.
    kept |= (1 << 21) if has & 4096 else 0
    mount(None, target, None, MS_REMOUNT | MS_BIND | kept | added)


def remount_temporary(target, options):
    """Other bounds for a file system in memory. @raises OSError where it holds more than that already"""
    mount(None, target, None, MS_REMOUNT | MS_NOSUID | MS_NODEV, options)


def mounts_from(target):
    """`target` and every place below it where something is mounted: what Linux before 5.12 has to be told one by one."""
    places = [target]
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            place = os.fsdecode(line.split()[4].decode("unicode_escape").encode("latin-1"))
            if place.startswith(target.rstrip("/") + "/"):
                places.append(place)
    return places


def pivot_root(new_root, old_root):
    answer = libc.pivot_root(os.fsencode(new_root), os.fsencode(old_root)) if hasattr(libc, "pivot_root") else -1
    asked(answer, "changing the root")


def unmount(target):
    asked(libc.umount2(os.fsencode(target), MNT_DETACH), "unmounting %s" % target)


def bring_up_loopback():
    """A network of its own has one interface, and it is down."""
    # Here and not above: the other ways of running a script need none of it, and it takes a tenth of what their start takes.
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(asking, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(asking, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
