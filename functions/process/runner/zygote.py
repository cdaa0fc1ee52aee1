"""One interpreter that has an environment's modules imported; each script's own process is a fork of it, in a world of its own.

Beside it runs a bare one, forked before anything was imported (worlds.py): it listens on a Unix socket in the working directory and makes the
worlds. Each of their supervisors asks here for the script's process, which joins its world before the script's first line. This ends when that
one has ended and nothing runs any more.
"""

import json
import os
import select
import signal
import socket
import sys

from . import channel, children, handover, imports_ahead, jobs, kernel, limits, memory, reduction, sandbox, script_process, system_call_filter, threads, worlds


def serve():
    """Never returns: neither here nor in its reductions."""
    kernel.signal_when_parent_dies(signal.SIGKILL)
    limits.use_spare_descriptors()
    asked = json.loads(sys.stdin.buffer.readline().decode("utf-8"))
    try:
        sandbox.be_able_to_fork_into_worlds()
    except OSError as error:
        imports_ahead.tell({"ready": False, "cause": "the isolation of this machine failed: %s" % error})
        os._exit(1)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(asked["socket"])
    listener.listen(128)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    making_worlds = os.fork()
    if making_worlds == 0:
        ours.close()
        worlds.make(listener, its, asked["network"])
    listener.close()
    its.close()
    failed = imports_ahead.load(asked["imports"])
    blas = threads.find()
    reduction.note_loaded_ahead()
    if system_call_filter.is_known_here():
        system_call_filter.assemble_ahead()
    imports_ahead.keep()
    memory.gather_into_large_pages()
    imports_ahead.tell({"ready": True, "failed": failed})
    return fork_scripts(ours, making_worlds, blas)


def fork_scripts(asked, making_worlds, blas):
    """Returns in a script's process only."""
    woken = children.open_wake_up()
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(asked, select.POLLIN)
    words = {}
    are_worlds_made = True
    while words or are_worlds_made:
        for descriptor, _ in poll.poll():
            if descriptor == woken:
                os.read(woken, 4096)
                continue
            try:
                taken = handover.take(asked)
            except OSError:
                # Its supervisor sees that nobody can tell it anything.
                continue
            if taken is None:
                poll.unregister(asked)
                continue
            ends, namespaces = taken
            pid = fork_script(ends["word"], namespaces)
            if pid == 0:
                return be_the_script(ends, namespaces, blas)
            word = ends.pop("word")
            if pid is None:
                os.close(word)
            else:
                words[pid] = word
            for given in [*ends.values(), *namespaces]:
                os.close(given)
        for pid, status, used in children.ended():
            if pid == making_worlds:
                are_worlds_made = False
            elif pid in words:
                tell_of_its_end(words.pop(pid), status, used)
    os._exit(0)


def fork_script(word, namespaces):
    """As `os.fork`; None where the kernel says no, of which the supervisor is told."""
    try:
        return sandbox.fork_process_into(namespaces)
    except OSError as error:
        handover.tell(word, refused="the isolation of this machine failed: %s" % error)
        return None


def tell_of_its_end(word, status, used):
    handover.tell(word, status=status, cpuSeconds=used.ru_utime + used.ru_stime, peakMemoryBytes=used.ru_maxrss * 1024)
    os.close(word)


def be_the_script(ends, namespaces, blas):
    """In the script's own process. Never returns."""
    children.forget()
    try:
        # While it is the machine's own /proc: the world's may be read-only.
        kernel.prefer_as_memory_victim()
        sandbox.join(namespaces)
        request = channel.read_request(ends["request"])
    except BaseException as error:
        handover.tell(ends["word"], refused="the isolation of this machine failed: %s" % error)
        os._exit(1)
    handover.tell(ends["word"], pid=os.getpid())
    report = script_process.become(0, True, ends["log"], ends["report"], ends["crash"])
    script_process.take(request, isolated=True)
    threads.restore(blas)
    reseed()
    imports_ahead.leave(jobs.run_job(request["job"], report))


def reseed():
    """Every fork has the zygote's state of numpy's random numbers; a fresh interpreter would have its own."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()
