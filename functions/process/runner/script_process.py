"""What the script's own process becomes before the first line of the script: nothing of the service is left within its reach."""

import binascii
import fcntl
import json
import os
import signal
import sys
import time

from . import crash, kernel, limits, system_call_filter

# Out of the way of scripts that write to every small number.
REPORT_DESCRIPTOR = 200
# The service answers people while scripts compute.
NICE = 5


def become(parent, isolated, log, report, crash, kept=()):
    """All that needs no request. Gives the function that reports to the supervisor.

    `parent`: its number as seen from here, 0 where it is in no world of ours. `log`, `report`, `crash`: descriptors to write to.
    `kept`: those that stay open as they are.
    """
    os.setsid()
    kernel.signal_when_parent_dies(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    kernel.be_readable()
    kernel.forbid_core_dumps()
    report = take_streams(log, report, crash, kept)
    os.nice(NICE)
    # Capabilities and the filter belong to a thread: whoever starts threads while it is imported does so after this.
    if isolated:
        kernel.give_up_capabilities()
        kernel.gain_no_rights()
        if system_call_filter.is_known_here():
            system_call_filter.apply()
    return reporter(report)


def take(request, isolated):
    """What one request brings: the script, its environment, its limits."""
    take_environment(request.get("environment"))
    place = request.get("place")
    if place is not None:
        make_place(place)
        write_script(place["script"], request["script"])
    limits.apply(request["limits"], isolated)


def take_streams(log, report_to, crash_to, kept):
    crashed = fcntl.fcntl(crash_to, fcntl.F_DUPFD_CLOEXEC, crash.DESCRIPTOR)
    report = fcntl.fcntl(report_to, fcntl.F_DUPFD_CLOEXEC, REPORT_DESCRIPTOR)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    # One pipe for both streams keeps their lines in the order they were written.
    os.dup2(log, 1)
    os.dup2(log, 2)
    kernel.close_all_but({report, crashed, *kept})
    crash.watch(crashed)
    return report


def take_environment(environment):
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()


def make_place(place):
    """A script's folders, and its copy of what matplotlib keeps; whoever has read the list of fonts needs that no more."""
    for name in ("script", "home"):
        os.makedirs(place[name], mode=0o700, exist_ok=True)
    if place["seed"] and "matplotlib.font_manager" not in sys.modules and not os.path.lexists(place["cache"]):
        copy_cache(place["seed"], place["cache"])


def copy_cache(seed, cache):
    if os.path.isdir(seed) and os.listdir(seed):
        import shutil

        shutil.copytree(seed, cache)


def write_script(directory, files):
    for file in files:
        path = os.path.join(directory, *file["name"].split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as written:
            written.write(binascii.a2b_base64(file["base64"]))


def reporter(descriptor):
    script = os.getpid()

    def report(message):
        if os.getpid() != script:
            # A copy that the script forked has come back from main: it has nothing to say for the original.
            os._exit(0)
        # The first end of a line closes what a script may have written here.
        line = ("\n" + json.dumps(message) + "\n").encode()
        while line:
            line = line[os.write(descriptor, line) :]

    return report

