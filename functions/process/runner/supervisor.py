"""Stands between the function and the script: whatever the script starts ends with it, and with the function.

Isolated, it is the first process of the script's own world: the kernel ends everything there with it, nothing there can signal it, and
nobody there can look into it. Otherwise it adopts every orphan and goes after them one by one.
"""

import os
import resource
import select
import signal
import time

from . import crash, kernel, limits, process_tree, script_process
from .channel import LOG, Channel
from .reports import Reports

LOG_PART_BYTES = 64 * 1024
# Ends of processes, and a log that somebody who slipped away holds open.
PATIENCE_SECONDS = 5
ISOLATED_LOOK_SECONDS = 0.2
BIRTH_LOOK_SECONDS = 0.01
# Without a world of its own every process of the machine has to be looked at.
PLAIN_LOOK_SECONDS = 1.0


def refuse(descriptor, cause):
    """The script was not started; the function is told why."""
    channel = Channel(descriptor)
    channel.emit({"event": "refused", "cause": cause})
    channel.push_all()
    os._exit(1)


def fork_script_process(request, descriptor, isolated):
    """Returns in the new process only, with a function that reports to the supervisor; the supervisor never returns."""
    script = ForkedScript(descriptor, isolated)
    if not script.is_this_process:
        script.watch_over(request)
    script_process.take(request, isolated)
    return script.report


class Script:
    """The script's own process, as whoever watches over it knows it: what it writes, and how it ends."""

    # Where something is told of it that is no child of this process.
    word = None

    def __init__(self, descriptor, isolated):
        os.set_inheritable(descriptor, False)
        self.descriptor, self.isolated = descriptor, isolated
        self.asked = Asked(isolated)
        self.report_read, self.its_report = os.pipe()
        self.log_read, self.its_log = os.pipe()
        self.crash_read, self.its_crash = crash.open_pipe()
        self.pid = self.status = self.refused = None
        # Of the processor, and bytes; what this process's children have used is not among them.
        self.seconds, self.peak_memory = 0.0, 0

    def its_ends(self):
        return {"log": self.its_log, "report": self.its_report, "crash": self.its_crash}

    def watch_over(self, request, seen_as=None, seconds_before=0.0):
        """From here to the end of all that the script starts. Never returns.

        `seconds_before`: of the processor, used before there was a request.
        """
        self.seconds -= seconds_before
        try:
            channel = Channel(self.descriptor)
            channel.emit({"event": "started", "pid": self.pid if seen_as is None else seen_as})
            Watch(request, channel, self).run()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)


class ForkedScript(Script):
    """Forked when this is made: it goes on in both, the supervisor and the script's own process.

    `kept`: descriptors that the new process has beside its streams.
    """

    def __init__(self, descriptor, isolated, kept=()):
        super().__init__(descriptor, isolated)
        supervisor = os.getpid()
        self.pid = os.fork()
        self.is_this_process = self.pid == 0
        if self.is_this_process:
            self.asked.forget()
            kernel.prefer_as_memory_victim()
            self.report = script_process.become(supervisor, isolated, kept=kept, **self.its_ends())
            return
        for end in self.its_ends().values():
            os.close(end)


class Asked:
    """Signals as bytes in a pipe, so that one poll waits for everything."""

    def __init__(self, isolated):
        self.to_stop = False
        self.wake_up, self.woken = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self.wake_up, False)
        if isolated:
            # The kernel passes the first process of a world only what it has a handler for: so it has none.
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
        else:
            kernel.adopt_orphans()
            kernel.signal_when_parent_dies(signal.SIGTERM)
            signal.signal(signal.SIGTERM, self.stop)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.woken, warn_on_full_buffer=False)

    def stop(self, *_):
        self.to_stop = True

    def forget(self):
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Watch:
    """From the script's first moment to the end of all that it started."""

    def __init__(self, request, channel, script):
        self.limits = request["limits"]
        self.channel, self.isolated, self.asked, self.script = channel, script.isolated, script.asked, script
        self.reports = Reports(script.report_read, channel)
        self.log = script.log_read
        self.crash = script.crash_read
        self.script_directory = request["job"]["scriptDirectory"]
        self.stopped = False
        self.limit = None

    def run(self):
        self.until_the_script_ends()
        if self.script.refused is not None:
            refuse(self.script.descriptor, self.script.refused)
        deadline = time.monotonic() + PATIENCE_SECONDS
        left = self.end_the_rest(deadline)
        self.reports.read_the_rest()
        self.pass_on_the_rest_of_the_log(deadline)
        crashed_in = self.tell_of_a_crash()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.channel.emit(
            {
                "event": "ended",
                "stopped": self.stopped,
                "limit": self.limit,
                "exit": exit_of(self.script.status),
                "crashedIn": crashed_in,
                "endedProcesses": left.ended,
                "survivors": left.survivors,
                "cpuSeconds": round(max(0.0, usage.ru_utime + usage.ru_stime + self.script.seconds), 3),
                "peakMemoryBytes": max(usage.ru_maxrss * 1024, self.script.peak_memory),
            }
        )
        self.channel.push_all()

    def until_the_script_ends(self):
        period = ISOLATED_LOOK_SECONDS if self.isolated else PLAIN_LOOK_SECONDS
        look_at = time.monotonic() + period
        while self.script_lives() and not self.stopped and self.limit is None:
            self.wait(max(0, look_at - time.monotonic()))
            self.stopped = self.stopped or self.asked.to_stop
            self.reap()
            if self.script_lives() and time.monotonic() >= look_at:
                self.limit = limits.exceeded(self.limits, process_tree.all_of_a_script(self.isolated), self.isolated)
                look_at = time.monotonic() + period

    def script_lives(self):
        return self.script.status is None and self.script.refused is None

    def wait(self, seconds):
        poll = select.poll()
        poll.register(self.channel.descriptor, select.POLLIN | (select.POLLOUT if self.channel.pending else 0))
        poll.register(self.asked.wake_up, select.POLLIN)
        if self.script.word is not None:
            poll.register(self.script.word, select.POLLIN)
        if self.reports.descriptor is not None:
            poll.register(self.reports.descriptor, select.POLLIN)
        # A log that the function does not take is not read either: the script waits.
        if self.log is not None and not self.channel.is_congested():
            poll.register(self.log, select.POLLIN)
        for descriptor, happened in poll.poll(seconds * 1000):
            if descriptor == self.asked.wake_up:
                os.read(descriptor, 4096)
            elif descriptor == self.script.word:
                self.script.hear()
            elif descriptor == self.reports.descriptor:
                self.reports.read()
            elif descriptor == self.log:
                self.pass_on_log()
            else:
                self.channel.push()
                if happened & ~select.POLLOUT:
                    self.stopped = self.stopped or self.channel.has_hung_up()

    def pass_on_log(self):
        """False when nothing more can come."""
        part = os.read(self.log, LOG_PART_BYTES)
        if part:
            self.channel.send(LOG, part)
            return True
        os.close(self.log)
        self.log = None
        return False

    def reap(self):
        """Collects every process that has ended; the script's own status if it is among them."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.script.pid and self.script.word is None:
                self.script.status = status

    def end_the_rest(self, deadline):
        """What was asked or exceeded is the script's end; it and all others are killed."""
        if self.script.status is None:
            self.reap()
        has_ended = self.script.status is not None
        end_all = process_tree.end_all_in_this_world if self.isolated else process_tree.end_all_descendants
        left = end_all(self.script.pid, has_ended, deadline)
        if self.script.status is None:
            self.script.status = left.status
        if self.script.word is not None:
            self.hear_the_rest(deadline)
        return left

    def hear_the_rest(self, deadline):
        """A script that was being forked when its end was asked for is born into a world that has been emptied."""
        poll = select.poll()
        poll.register(self.script.word, select.POLLIN)
        while self.script_lives() and time.monotonic() < deadline:
            if poll.poll(BIRTH_LOOK_SECONDS * 1000):
                self.script.hear()
            if self.script_lives():
                process_tree.end_all_in_this_world(self.script.pid, False, deadline)

    def pass_on_the_rest_of_the_log(self, deadline):
        while self.log is not None and not self.channel.is_broken:
            poll = select.poll()
            if self.channel.is_congested():
                # However long the function takes: it is only this process that waits, for its last words.
                poll.register(self.channel.descriptor, select.POLLOUT)
                poll.poll()
                self.channel.push()
                continue
            poll.register(self.log, select.POLLIN)
            if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
                return
            self.pass_on_log()

    def tell_of_a_crash(self):
        """Puts the lines where native code crashed behind what the script printed; gives the one that the script itself ended in."""
        dump = crash.read(self.crash)
        if not dump:
            return None
        shown, place = crash.in_own_lines(dump, self.script_directory)
        self.channel.send(LOG, ("\n%s\n" % shown).encode("utf-8", "replace"))
        status = self.script.status
        return place if status is not None and os.WIFSIGNALED(status) else None


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
