"""A script's own process that a prepared interpreter has forked into this world: no child of its supervisor, so its end is told."""

import json
import os

from . import handover
from .supervisor import Script


class ScriptElsewhere(Script):
    def __init__(self, descriptor):
        super().__init__(descriptor, isolated=True)
        self.word, self.its_word = os.pipe()
        self.pending = b""

    def be_forked_by(self, asking, request, namespaces):
        asked = handover.write_request(request)
        ends = {**self.its_ends(), "word": self.its_word, "request": asked}
        handover.ask(asking, ends, namespaces)
        asking.close()
        for descriptor in [*ends.values(), *namespaces]:
            os.close(descriptor)

    def hear(self):
        """Reads what is told of it. Call it where there is something to read, or to wait for it."""
        part = os.read(self.word, 4096)
        if not part:
            # Nobody is left to tell: this process will not be left alone for long either.
            os._exit(1)
        *lines, self.pending = (self.pending + part).split(b"\n")
        for line in lines:
            told = json.loads(line.decode("utf-8"))
            self.pid = told.get("pid", self.pid)
            self.refused = told.get("refused", self.refused)
            self.status = told.get("status", self.status)
            self.seconds += told.get("cpuSeconds", 0.0)
            self.peak_memory = max(self.peak_memory, told.get("peakMemoryBytes", 0))
