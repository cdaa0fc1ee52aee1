"""Whether somebody asked to stop: a signal's handler, or a thread."""

from __future__ import annotations

import contextlib
import os
import select


class StopRequest:
    """Like `threading.Event`, whose lock is not reentrant: a handler that runs while its thread enters `wait` would wait
    for itself for ever. A pipe has no lock; what is in it stays, so that every later `wait` ends at once."""

    def __init__(self) -> None:
        self._told, self._tell = os.pipe()
        os.set_blocking(self._tell, False)

    def set(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full of earlier requests
            os.write(self._tell, b'.')

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        """True as soon as it is time to stop, false after `seconds`."""
        return bool(select.select([self._told], [], [], seconds)[0])
