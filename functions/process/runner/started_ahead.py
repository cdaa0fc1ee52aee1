"""One interpreter for one reduction, with an environment's modules imported before there is one: for libraries that do not survive a fork.

Three processes. The first, which the function starts, only waits. The second is the first of the script's own world and its supervisor; it has
the connection. The third imports, as the script's own process with all rights given up, and then waits for the request.

Everything is imported in the script's own world, which lacks no more than what a request names: the archive, the input, the results. What a
library opens, starts or remembers while it is imported (files, threads, HOME) stays right for the script, and leads nowhere else.
"""

import os
import select
import signal
import socket
import sys
import time

from . import channel, crash, imports_ahead, jobs, kernel, reduction, sandbox, script_process, supervisor

LOG_PART_BYTES = 64 * 1024


def serve(descriptor):
    """Comes back only where there is nothing to do."""
    kernel.signal_when_parent_dies(signal.SIGKILL)
    try:
        asked = channel.read_request(descriptor)
    except EOFError:
        return 0
    user, group = os.geteuid(), os.getegid()
    try:
        supervising = sandbox.fork_into(asked["view"]["network"])
    except OSError as error:
        return say_no(error)
    if supervising == 0:
        begin(descriptor, asked, user, group)
    os.close(descriptor)
    os.waitpid(supervising, 0)
    # Whoever waits for this process has waited long enough.
    os._exit(0)


def say_no(error):
    imports_ahead.tell({"ready": False, "cause": "the isolation of this machine failed: %s" % error})
    return 1


def begin(descriptor, asked, user, group):
    """In the first process of the script's own world, which becomes its supervisor. Never returns."""
    kernel.signal_when_parent_dies(signal.SIGKILL)
    try:
        kernel.close_all_but({descriptor})
        outside = sandbox.take_numbers(asked["view"], user, group)
        kernel.be_unreadable()
        sandbox.enter(asked["view"])
    except BaseException as error:
        os._exit(say_no(error))
    ours, its = socket.socketpair()
    script = supervisor.ForkedScript(descriptor, isolated=True, kept={its.fileno()})
    if script.is_this_process:
        be_the_script(asked, its.detach(), script.report)
    its.close()
    waiting = Waiting(descriptor, script, ours.detach())
    try:
        request, seconds = waiting.until_asked()
    except EOFError:
        os._exit(0)
    try:
        sandbox.add(request["view"], asked["view"])
        sandbox.close_off(request["limits"].get("processes"))
    except BaseException as error:
        supervisor.refuse(descriptor, "the isolation of this machine failed: %s" % error)
    waiting.hand_over(request)
    script.watch_over(request, outside, seconds)


class Waiting:
    """The supervisor's own time: until the modules are imported, and then until there is something to do."""

    def __init__(self, descriptor, script, handover):
        self.descriptor, self.script, self.handover = descriptor, script, handover
        self.can_speak = True
        self.poll = select.poll()
        for waited_for in (descriptor, handover, script.log_read, script.asked.wake_up):
            self.poll.register(waited_for, select.POLLIN)

    def until_asked(self):
        """The request, and what the imports took of the processor. @raises EOFError where the function has gone"""
        request = ready = None
        while request is None or ready is None:
            for descriptor, _ in self.poll.poll():
                if descriptor == self.script.asked.wake_up:
                    os.read(descriptor, 4096)
                    self.look_whether_it_lives()
                elif descriptor == self.script.log_read:
                    self.pass_on_words()
                elif descriptor == self.descriptor:
                    request = channel.read_request(descriptor)
                    self.poll.unregister(descriptor)
                else:
                    ready = self.read_ready()
                    self.poll.unregister(descriptor)
        self.pass_on_last_words()
        return request, ready["cpuSeconds"]

    def read_ready(self):
        try:
            ready = channel.read_request(self.handover)
        except (EOFError, OSError):
            self.end_with_it()
        self.pass_on_last_words()
        imports_ahead.tell({"ready": True, "failed": ready["failed"]})
        return ready

    def hand_over(self, request):
        try:
            channel.write_request(self.handover, {name: request[name] for name in request if name != "view"})
        except OSError:
            # It has just ended; whoever watches over it sees that.
            pass
        os.close(self.handover)

    def look_whether_it_lives(self):
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == self.script.pid:
                self.end_with_it()
            if pid == 0:
                return

    def end_with_it(self):
        self.pass_on_last_words()
        speak(crash.read(self.script.crash_read).encode("utf-8", "replace"))
        os._exit(1)

    def pass_on_words(self):
        """What is printed before there is a script belongs to no reduction: the service's own log has it. False where nobody can say more."""
        part = os.read(self.script.log_read, LOG_PART_BYTES)
        speak(part)
        if not part and self.can_speak:
            self.poll.unregister(self.script.log_read)
            self.can_speak = False
        return self.can_speak

    def pass_on_last_words(self):
        poll = select.poll()
        poll.register(self.script.log_read, select.POLLIN)
        while poll.poll(0) and self.pass_on_words():
            pass


def speak(words):
    while words:
        words = words[os.write(2, words) :]


def be_the_script(asked, handover, report):
    """In the script's own process. Never returns."""
    given = dict(os.environ)
    script_process.make_place(asked["place"])
    failed = imports_ahead.load(asked["imports"])
    reduction.note_loaded_ahead()
    imports_ahead.keep()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    channel.write_request(handover, {"failed": failed, "cpuSeconds": time.process_time()})
    try:
        request = channel.read_request(handover)
    except (EOFError, OSError):
        os._exit(0)
    os.close(handover)
    os.chdir("/")
    # Only what this request says: what a module has set while it was imported stays, and its threads may be reading the rest.
    said = request.pop("environment")
    os.environ.update({name: said[name] for name in said if said[name] != given.get(name)})
    script_process.take(request, isolated=True)
    imports_ahead.leave(jobs.run_job(request["job"], report))
