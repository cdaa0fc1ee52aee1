"""What the script's own process tells of itself, on its way to the function. A script can write there too: nothing of it is believed but that it is JSON."""

import json
import os

LARGEST_REPORT_BYTES = 64 * 1024 * 1024
# A script's process reports two or three times. More are a script's own writing, which would cost the function more than the script.
MOST_REPORTS = 1000


class Reports:
    """Lines that the script's process writes: whole ones are passed on, what is no JSON is not."""

    def __init__(self, descriptor, channel):
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.channel = channel
        self.pending = bytearray()
        self.total = 0
        self.passed_on = 0

    def read(self):
        """False when nothing more can come."""
        try:
            part = os.read(self.descriptor, 1024 * 1024)
        except BlockingIOError:
            return True
        self.total += len(part)
        if not part or self.total > LARGEST_REPORT_BYTES:
            os.close(self.descriptor)
            self.descriptor = None
            return False
        self.pending += part
        if b"\n" in part:
            *lines, rest = bytes(self.pending).split(b"\n")
            self.pending = bytearray(rest)
            for line in lines:
                self.pass_on(line)
        return True

    def read_the_rest(self):
        while self.descriptor is not None:
            before = self.total
            if not self.read() or self.total == before:
                return

    def pass_on(self, line):
        if self.passed_on >= MOST_REPORTS:
            return
        try:
            report = json.loads(line.decode("utf-8"))
            if isinstance(report, dict):
                self.channel.emit({"event": "report", "report": report})
                self.passed_on += 1
        except (ValueError, RecursionError):
            # No JSON, or nested without end.
            pass
