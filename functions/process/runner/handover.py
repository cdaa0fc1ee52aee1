"""Between a world's supervisor and the prepared interpreter, which forks the script into that world.

The supervisor hands over descriptors in one message: where the script writes, its request, the world's namespaces. What it is told in return
are lines of JSON in a pipe: `pid`, the script's number in its world, or `refused`, a sentence; and at last `status`, `cpuSeconds` and
`peakMemoryBytes`.
"""

import array
import json
import os
import socket

from . import channel

ENDS = ("log", "report", "crash", "word", "request")
MOST_DESCRIPTORS = 16


def ask(asking, ends, namespaces):
    """`ends`: descriptors by their names. Waits while the other side has much to do."""
    descriptors = array.array("i", [ends[name] for name in ENDS] + namespaces)
    asking.sendmsg([b"fork"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])


def take(asked):
    """(descriptors by their names, namespaces), or None where nobody can ask any more."""
    size = array.array("i").itemsize
    message, extra, _, _ = asked.recvmsg(16, socket.CMSG_SPACE(MOST_DESCRIPTORS * size))
    descriptors = array.array("i")
    for level, kind, content in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % size])
    if not message:
        return None
    return dict(zip(ENDS, descriptors)), list(descriptors[len(ENDS) :])


def write_request(request):
    """A file without a name: whoever writes it waits for nobody."""
    descriptor = os.memfd_create("request")
    channel.write_request(descriptor, request)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def tell(word, **what):
    try:
        os.write(word, json.dumps(what).encode() + b"\n")
    except OSError:
        # Whoever would have listened has ended.
        pass
