"""A script's own world: its own users, files, processes, network, and nothing in it but what the function's view of it names.

First `fork_into`, then, in the new process, which is the first of its world, `build`. Nothing here needs rights on the machine.
"""

import os

from . import kernel, limits

HOST = "/.host"
DEVICES = ("null", "zero", "full", "random", "urandom")
NAMESPACES = (
    ("user", kernel.CLONE_NEWUSER),
    ("pid", kernel.CLONE_NEWPID),
    ("mnt", kernel.CLONE_NEWNS),
    ("ipc", kernel.CLONE_NEWIPC),
    ("uts", kernel.CLONE_NEWUTS),
    ("net", kernel.CLONE_NEWNET),
)
# Parts of /proc that change the machine, where /proc is not read-only as a whole.
KERNEL_SWITCHES = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi")


def fork_into(network):
    """As `os.fork`; the child is the first process of a world that has nothing in it yet but what it had."""
    namespaces = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    return kernel.fork_into(namespaces if network else namespaces | kernel.CLONE_NEWNET)


def own_namespaces(network):
    """Descriptors of all that `fork_into` has made anew, for `fork_process_into` and `join`."""
    return [open_own(name) for name, _ in NAMESPACES if not (network and name == "net")]


def open_own(name):
    return os.open("/proc/self/ns/" + name, os.O_RDONLY)


def have_own_mounts():
    """From here on this process mounts for itself alone. Gives whether it needed no users of its own for that. @raises OSError"""
    try:
        kernel.unshare(kernel.CLONE_NEWNS)
        has_rights = True
    except PermissionError:
        have_own_users(kernel.CLONE_NEWNS)
        has_rights = False
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)
    return has_rights


def be_able_to_fork_into_worlds():
    """Whoever forks a process into another's world needs rights over its own. @raises OSError"""
    own = open_own("pid")
    try:
        enter_processes(own)
    except PermissionError:
        have_own_users()
    finally:
        os.close(own)


def have_own_users(also=0):
    """A user namespace gives whoever makes it all rights over what is made in it; numbers stay as they are."""
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | also)
    take_numbers({"user": user, "group": group}, user, group)


def fork_process_into(namespaces):
    """As `os.fork`, but the child is a process of that world: the rest of it, it has to `join`.

    Whoever calls this can start no thread any more, and forks nothing but so: the way back would need rights over the machine's processes.
    """
    enter_processes(namespaces[1])
    return os.fork()


def enter_processes(namespace):
    """From here on children are of that one."""
    kernel.enter_namespace(namespace, kernel.CLONE_NEWPID)


def join(namespaces):
    """Files, users and network of that world; this process is of it since its birth."""
    for descriptor, (name, kind) in zip(namespaces, NAMESPACES):
        if name != "pid":
            kernel.enter_namespace(descriptor, kind)


def take_numbers(view, user, group):
    """`user` and `group`: the numbers outside, which files keep; inside the script knows itself by others.

    Gives the number that this process has outside, while the machine's own /proc is still there to tell.
    """
    outside = int(os.readlink("/proc/self"))
    kernel.write("/proc/self/setgroups", b"deny")
    kernel.write("/proc/self/uid_map", b"%d %d 1" % (view["user"], user))
    kernel.write("/proc/self/gid_map", b"%d %d 1" % (view["group"], group))
    return outside


def build(view, most_processes):
    """The file system of this namespace becomes what the view says."""
    enter(view)
    close_off(most_processes)


def enter(view):
    """All that the view says is there; what the machine has besides still lies below HOST, until `close_off`."""
    # Links lead elsewhere once the root has changed.
    sources = [kernel.real_path(entry.get("source") or entry["path"]) for entry in view["entries"]]
    mask = os.umask(0o022)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755,size=64m")
    os.mkdir("/tmp" + HOST)
    kernel.pivot_root("/tmp", "/tmp" + HOST)
    os.chdir("/")
    make_temporary("/tmp", view["temporaryBytes"])
    for entry, source in zip(view["entries"], sources):
        make_entry(entry, HOST + source)
    make_devices(view["temporaryBytes"])
    os.mkdir("/proc")
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    if not view["network"]:
        kernel.bring_up_loopback()
    os.umask(mask)


def add(view, entered):
    """What this view says and the one that was entered does not, as the machine has it now."""
    missing, made_anew = [], set()
    for entry in view["entries"]:
        # What lies below a new mount is hidden by it.
        is_hidden = any(is_below(entry["path"], place) for place in made_anew)
        if is_hidden or entry not in entered["entries"] or not os.path.lexists(entry["path"]):
            made_anew.add(entry["path"])
            missing.append(entry)
        elif entry["kind"] == "read-only":
            # What the machine has mounted there since came along, and may be written.
            kernel.make_unwritable(entry["path"])
    sources = seen_from_the_machine(os.path.realpath, [entry.get("source") or entry["path"] for entry in missing])
    mask = os.umask(0o022)
    for entry, source in zip(missing, sources):
        make_entry(entry, HOST + source)
    for path in ("/tmp", "/dev/shm"):
        kernel.remount_temporary(path, temporary_options(view["temporaryBytes"]))
    os.umask(mask)


def is_below(path, place):
    return path.startswith(place.rstrip("/") + "/")


def seen_from_the_machine(look, paths):
    """Links of the machine lead through its own root, which is this process's for a moment."""
    here = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.chroot(HOST)
        try:
            return [look(path) for path in paths]
        finally:
            os.fchdir(here)
            os.chroot(".")
    finally:
        os.close(here)


def close_off(most_processes):
    """From here on there is nothing but the view."""
    make_unchangeable(most_processes)
    kernel.unmount(HOST)
    os.rmdir(HOST)
    kernel.remount("/", kernel.MS_RDONLY)


def make_entry(entry, source):
    path, kind = entry["path"], entry["kind"]
    if kind == "link":
        make_parents(path)
        os.symlink(entry["target"], path)
    elif kind == "hidden":
        kernel.mount("tmpfs", path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755,size=1m")
    elif kind == "writable":
        make_place(path, source)
        kernel.bind(source, path)
        kernel.remount(path, kernel.MS_NOSUID | kernel.MS_NODEV)
    elif os.path.lexists(source):
        make_place(path, source)
        kernel.bind(source, path)
        kernel.make_unwritable(path)


def make_place(path, source):
    """Something to mount upon, of the same kind."""
    if os.path.isdir(source):
        os.makedirs(path, exist_ok=True)
    elif not os.path.lexists(path):
        make_parents(path)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def make_parents(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)


def make_temporary(path, size_bytes):
    os.makedirs(path, exist_ok=True)
    kernel.mount("tmpfs", path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777," + temporary_options(size_bytes))


def temporary_options(size_bytes):
    return "size=%d,nr_inodes=%d" % (size_bytes, limits.most_temporary_files(size_bytes))


def make_devices(size_bytes):
    os.makedirs("/dev", exist_ok=True)
    for name in DEVICES:
        make_place("/dev/" + name, HOST + "/dev/" + name)
        kernel.bind(HOST + "/dev/" + name, "/dev/" + name)
        kernel.make_unchangeable_device("/dev/" + name)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, "/dev/" + name)
    make_temporary("/dev/shm", size_bytes)


def make_unchangeable(most):
    """The switches of the kernel, with the limit of processes in them."""
    if most and kernel.is_at_least(6, 14):
        # Root's processes have no other limit. Each thread has a number too, and the first 300 are given only once.
        kernel.write("/proc/sys/kernel/pid_max", b"%d" % (300 + max(1024, 4 * most)))
    if owns_the_machines_files():
        # Root's own files in /proc may be written by whoever has root's number, capabilities or not; and what /proc says of the machine is one
        # for all: its owner could take from everybody the right to read it.
        kernel.prefer_as_memory_victim()
        kernel.remount("/proc", kernel.MS_RDONLY)
        return
    for name in KERNEL_SWITCHES:
        path = "/proc/" + name
        if os.path.exists(path):
            kernel.bind(path, path)
            kernel.make_unwritable(path)


def owns_the_machines_files():
    """Whoever started this was root, whatever number the script knows itself by."""
    return os.stat("/proc/uptime").st_uid == os.geteuid()
