"""Between a world's supervisor and the prepared interpreter, which forks the script into that world.

The supervisor hands over descriptors in one message: where the script writes, its request, the world's namespaces. What it is told in return
are lines of JSON in a pipe: `pid`, the script's number in its world, or `refused`, a sentence; and at last `status`, `cpuSeconds` and
`peakMemoryBytes`.
"""

import array
import json
import os
import socket

from . import channel, memory

ENDS = ("log", "report", "crash", "word", "request")
FEWEST_NAMESPACES = 5
MOST_DESCRIPTORS = 16


def ask(asking, ends, namespaces):
    """`ends`: descriptors by their names. Waits while the other side has much to do."""
    send(asking, [ends[name] for name in ENDS] + namespaces)


def take(asked):
    """(descriptors by their names, namespaces), or None where nobody can ask any more. @raises OSError where they did not all come"""
    descriptors = receive(asked)
    if descriptors is None:
        return None
    if len(descriptors) < len(ENDS) + FEWEST_NAMESPACES:
        for descriptor in descriptors:
            os.close(descriptor)
        raise OSError("too many files are open")
    return dict(zip(ENDS, descriptors)), descriptors[len(ENDS) :]


def send(to, descriptors):
    to.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])


def receive(by):
    """Those of one message, as many of them as this process may open; None where no message can come any more."""
    size = array.array("i").itemsize
    message, extra, _, _ = by.recvmsg(1, socket.CMSG_SPACE(MOST_DESCRIPTORS * size))
    descriptors = array.array("i")
    for level, kind, content in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % size])
    return list(descriptors) if message else None


def write_request(request):
    """A file without a name: whoever writes it waits for nobody."""
    descriptor = memory.make_file("request")
    channel.write_request(descriptor, request)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def tell(word, **what):
    try:
        os.write(word, json.dumps(what).encode() + b"\n")
    except OSError:
        # Whoever would have listened has ended.
        pass
