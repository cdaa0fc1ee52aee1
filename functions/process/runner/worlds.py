"""Beside a prepared interpreter: a bare one, which makes a world for each reduction. Its fork there watches over the script.

A fork costs what its parent has in memory, and here is nothing. The script's own process is forked where everything is imported (zygote.py),
into the world that was made here.
"""

import os
import select
import signal

from . import channel, children, imports_ahead, kernel, sandbox, supervisor
from .script_elsewhere import ScriptElsewhere


def make(listener, asking, network):
    """Each connection is one reduction. Takes them until standard input ends, and ends after the last. Never returns.

    `asking`: the socket to the prepared interpreter.
    """
    kernel.signal_when_parent_dies(signal.SIGKILL)
    imports_ahead.keep()
    woken = children.open_wake_up()
    listener.setblocking(False)
    poll = select.poll()
    for descriptor in (0, woken, listener.fileno()):
        poll.register(descriptor, select.POLLIN)
    supervisors = set()
    is_closing = False
    while supervisors or not is_closing:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if woken in ready:
            os.read(woken, 4096)
        is_closing = is_closing or (0 in ready and os.read(0, 4096) == b"")
        # Whoever has connected is served, also where this is the last time.
        for connection in waiting(listener):
            pid = make_one(connection, asking, network)
            if pid is not None:
                supervisors.add(pid)
        if is_closing and listener.fileno() != -1:
            poll.unregister(0)
            poll.unregister(listener.fileno())
            listener.close()
        for pid, _, _ in children.ended():
            supervisors.discard(pid)
    os._exit(0)


def waiting(listener):
    while listener.fileno() != -1:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        connection.setblocking(True)
        yield connection


def make_one(connection, asking, network):
    """Gives the number of its supervisor, None where the kernel says no."""
    user, group = os.geteuid(), os.getegid()
    try:
        pid = sandbox.fork_into(network)
    except OSError as error:
        # The function is told; whoever comes next may have more luck.
        words = channel.Channel(connection.fileno())
        words.emit({"event": "refused", "cause": "the isolation of this machine failed: %s" % error})
        pid = None
    if pid == 0:
        watch_over(connection.detach(), asking, user, group)
    connection.close()
    return pid


def watch_over(descriptor, asking, user, group):
    """In the first process of the script's own world, which becomes its supervisor. Never returns."""
    children.forget()
    kernel.signal_when_parent_dies(signal.SIGKILL)
    try:
        kernel.close_all_but({descriptor, asking.fileno()})
        request = channel.read_request(descriptor)
        view = request.pop("view")
        outside = sandbox.take_numbers(view, user, group)
        namespaces = sandbox.own_namespaces(view["network"])
        kernel.be_unreadable()
        sandbox.build(view, request["limits"].get("processes"))
        script = ScriptElsewhere(descriptor)
        script.be_forked_by(asking, request, namespaces)
    except EOFError:
        os._exit(0)
    except BaseException as error:
        supervisor.refuse(descriptor, "the isolation of this machine failed: %s" % error)
    script.watch_over(request, outside)
