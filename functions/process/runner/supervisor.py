"""Stands between the function and the script: whatever the script starts ends with it, and with the function."""

import json
import os
import select
import signal
import sys
import time

from . import kernel
from .process_tree import end_all_descendants

CONTROL_FD = 0
EVENTS_FD = 3
LARGEST_REPORT_BYTES = 64 * 1024 * 1024


def fork_script_process():
    """Returns in the new process only, with a function that reports to the supervisor; the supervisor never returns."""
    os.set_inheritable(CONTROL_FD, False)
    os.set_inheritable(EVENTS_FD, False)
    kernel.adopt_orphans()
    kernel.signal_when_parent_dies(signal.SIGTERM)
    wake_up, woken = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake_up, False)
    stop_asked = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: stop_asked.append(True))
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    report_read, report_write = os.pipe()
    supervisor = os.getpid()

    script = os.fork()
    if script == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for descriptor in (EVENTS_FD, wake_up, woken, report_read):
            os.close(descriptor)
        become_script_process(supervisor)
        return reporter(report_write)

    os.close(report_write)
    try:
        watch(script, report_read, wake_up, stop_asked)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def become_script_process(supervisor):
    os.setsid()
    kernel.signal_when_parent_dies(signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)
    kernel.prefer_as_memory_victim()
    kernel.forbid_core_dumps()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # One pipe for both streams keeps their lines in the order they were written.
    os.dup2(1, 2)


def reporter(descriptor):
    script = os.getpid()

    def report(message):
        if os.getpid() != script:
            # A copy that the script forked has come back from main: it has nothing to say for the original.
            os._exit(0)
        line = (json.dumps(message) + "\n").encode()
        while line:
            line = line[os.write(descriptor, line) :]

    return report


def watch(script, report_read, wake_up, stop_asked):
    """Passes on what the script reports until it has ended or the function hangs up, then ends all that is left."""
    emit({"event": "started", "pid": script})
    reports = Reports(report_read)
    poll = select.poll()
    for descriptor in (CONTROL_FD, report_read, wake_up):
        poll.register(descriptor, select.POLLIN)
    usage = status = None
    stopped = False
    while status is None and not stopped:
        for descriptor, _ in poll.poll():
            if descriptor == CONTROL_FD:
                stopped = os.read(CONTROL_FD, 4096) == b""
            elif descriptor == report_read:
                if not reports.read():
                    poll.unregister(report_read)
            else:
                os.read(wake_up, 4096)
        stopped = stopped or bool(stop_asked)
        status, usage = reap(script)
    if stopped and status is None:
        kill(script)
    left_running = end_all_descendants(script, status is not None, time.monotonic() + 5)
    reports.read_the_rest()
    status = left_running.status if status is None else status
    usage = left_running.usage if usage is None else usage
    emit(
        {
            "event": "ended",
            "stopped": stopped,
            "exit": exit_of(status),
            "endedProcesses": left_running.ended,
            "survivors": left_running.survivors,
            "cpuSeconds": None if usage is None else round(usage.ru_utime + usage.ru_stime, 3),
            "peakMemoryBytes": None if usage is None else usage.ru_maxrss * 1024,
        }
    )


def reap(script):
    """Collects every process that has ended; the script's own status and usage if it is among them."""
    status = usage = None
    while True:
        try:
            pid, one_status, one_usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return status, usage
        if pid == 0:
            return status, usage
        if pid == script:
            status, usage = one_status, one_usage


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def exit_of(status):
    if status is None:
        return None
    if os.WIFSIGNALED(status):
        return {"signal": signal_name(os.WTERMSIG(status))}
    return {"code": os.WEXITSTATUS(status)}


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return "SIG%d" % number


class Reports:
    """Lines that the script's process writes: whole ones are passed on, what is no JSON is not."""

    def __init__(self, descriptor):
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.pending = bytearray()
        self.total = 0

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
                pass_on(line)
        return True

    def read_the_rest(self):
        while self.descriptor is not None:
            before = self.total
            if not self.read() or self.total == before:
                return


def pass_on(line):
    try:
        report = json.loads(line.decode("utf-8"))
    except ValueError:
        return
    emit({"event": "report", "report": report})


def emit(event):
    line = (json.dumps(event) + "\n").encode()
    try:
        while line:
            line = line[os.write(EVENTS_FD, line) :]
    except OSError as error:
        # The function is gone: its end of the control pipe says the same.
        print("The function no longer listens: %s" % error, file=sys.stderr)
