"""One interpreter that has an environment's modules imported; each reduction is a fork of it, in namespaces of its own.

It listens on a Unix socket in its working directory. Each connection is one reduction: the request comes over it, and the process that
watches over the script answers there. It ends when standard input ends, after the last of its reductions.
"""

import json
import os
import select
import signal
import socket
import sys

from . import channel, imports_ahead, jobs, kernel, reduction, sandbox, supervisor, system_call_filter, threads


def serve():
    """Never returns: neither here nor in its reductions."""
    kernel.signal_when_parent_dies(signal.SIGKILL)
    asked = json.loads(sys.stdin.buffer.readline().decode("utf-8"))
    failed = imports_ahead.load(asked["imports"])
    blas = threads.find()
    reduction.note_loaded_ahead()
    if system_call_filter.is_known_here():
        system_call_filter.assemble_ahead()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(asked["socket"])
    listener.listen(128)
    imports_ahead.keep()
    imports_ahead.tell({"ready": True, "failed": failed})
    return accept(listener, blas, asked["network"])


def accept(listener, blas, network):
    wake_up, woken = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake_up, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    poll = select.poll()
    for descriptor in (0, wake_up, listener.fileno()):
        poll.register(descriptor, select.POLLIN)
    children = set()
    is_closing = False
    while children or not is_closing:
        for descriptor, _ in poll.poll():
            if descriptor == wake_up:
                os.read(wake_up, 4096)
            elif descriptor == 0:
                if os.read(0, 4096) == b"":
                    is_closing = True
                    poll.unregister(0)
                    poll.unregister(listener.fileno())
                    listener.close()
            else:
                connection, _ = listener.accept()
                user, group = os.geteuid(), os.getegid()
                try:
                    child = sandbox.fork_into(network)
                except OSError as error:
                    say_no(connection, error)
                    continue
                if child == 0:
                    return begin_reduction(connection.detach(), blas, user, group)
                connection.close()
                children.add(child)
        reap(children)
    os._exit(0)


def say_no(connection, error):
    """The function is told; whoever comes next may have more luck."""
    words = channel.Channel(connection.fileno())
    words.emit({"event": "refused", "cause": "the isolation of this machine failed: %s" % error})
    connection.close()


def reap(children):
    while children:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            children.clear()
            return
        if pid == 0:
            return
        children.discard(pid)


def begin_reduction(descriptor, blas, user, group):
    """In the first process of the script's own world, which becomes its supervisor."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel.signal_when_parent_dies(signal.SIGKILL)
    try:
        kernel.close_all_but({descriptor})
        request = channel.read_request(descriptor)
        outside = sandbox.take_numbers(request["view"], user, group)
        kernel.be_unreadable()
        sandbox.build(request["view"], request["limits"].get("processes"))
    except EOFError:
        os._exit(0)
    except BaseException as error:
        supervisor.refuse(descriptor, "the isolation of this machine failed: %s" % error)
    report = supervisor.fork_script_process(request, descriptor, isolated=True, seen_as=outside)
    # From here on this is the script's own process.
    threads.restore(blas)
    reseed()
    imports_ahead.leave(jobs.run_job(request["job"], report))


def reseed():
    """Every fork has the zygote's state of numpy's random numbers; a fresh interpreter would have its own."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()
