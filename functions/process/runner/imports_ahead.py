"""What interpreters have in common that load an environment's modules before there is a script: zygote.py and started_ahead.py."""

import atexit
import gc
import importlib
import json
import os
import sys
import threading

from . import faults, reduction


def load(names):
    """Gives those that could not be imported, with the reason."""
    failed = {}
    # What a script's failure may need too: once, here, not at every failure.
    for name in names + list(faults.NEEDED):
        try:
            importlib.import_module(name)
        except BaseException as error:
            failed[name] = "%s: %s" % (type(error).__name__, error)
    leave_out_needless_ends()
    return failed


def leave_out_needless_ends():
    """What a library frees one by one when Python ends, and what the end of the process frees anyway: h5py's takes longer than most scripts."""
    atexit.unregister(getattr(sys.modules.get("h5py"), "_unregister_converters", None))


def keep():
    """What was imported stays to the end: to collect it again and again would touch every page of it, in every fork."""
    gc.collect()
    gc.freeze()


def tell(message):
    """A line for the function."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def leave(status):
    """Ends as Python does, but for the modules that were there before: taking those apart takes longer than most scripts."""
    for end in (getattr(threading, "_shutdown", None), atexit._run_exitfuncs, forget_the_script):
        try:
            end()
        except BaseException:
            sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            status = status or 120
    os._exit(status)


def forget_the_script():
    """What a script had open and did not close is written out when nobody refers to it any more."""
    for name in reduction.names_loaded_since() + ["__main__"]:
        module = sys.modules.pop(name, None)
        if module is not None:
            vars(module).clear()
    gc.collect()
