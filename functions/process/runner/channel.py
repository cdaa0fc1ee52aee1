"""The one connection between the runner and the function: a request comes in, the log and events go out, closing it stops the script.

In: four bytes of length, then JSON, once. Out: one byte of kind (`L` log, `E` event), four bytes of length, the bytes.
"""

import json
import os
import select
import struct

LOG, EVENT = b"L", b"E"
MOST_PENDING_BYTES = 256 * 1024


def read_request(descriptor):
    """Waits for it. @raises EOFError where the function has gone."""
    (length,) = struct.unpack(">I", read_exactly(descriptor, 4))
    return json.loads(read_exactly(descriptor, length).decode("utf-8"))


def write_request(descriptor, request):
    content = json.dumps(request).encode("utf-8")
    unsent = memoryview(struct.pack(">I", len(content)) + content)
    while unsent:
        unsent = unsent[os.write(descriptor, unsent) :]


def read_exactly(descriptor, length):
    parts = []
    while length > 0:
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            raise EOFError("The function has hung up.")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


class Channel:
    """Never blocks while the script runs: what the function does not take yet is kept, and the script's log waits."""

    def __init__(self, descriptor):
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.pending = bytearray()
        self.is_broken = False

    def send(self, kind, content):
        self.pending += kind + struct.pack(">I", len(content)) + content
        self.push()

    def emit(self, event):
        self.send(EVENT, json.dumps(event).encode())

    def push(self):
        while self.pending and not self.is_broken:
            try:
                # The first part only: a copy of everything that waits, for every call, would cost the square of it.
                del self.pending[: os.write(self.descriptor, bytes(self.pending[:65536]))]
            except BlockingIOError:
                return
            except OSError:
                self.is_broken = True

    def is_congested(self):
        return len(self.pending) > MOST_PENDING_BYTES and not self.is_broken

    def has_hung_up(self):
        """To be asked where there is something to read."""
        try:
            return os.read(self.descriptor, 4096) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def push_all(self):
        """Waits until the function has taken everything, or has gone."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLOUT)
        while self.pending and not self.is_broken:
            poll.poll()
            self.push()
