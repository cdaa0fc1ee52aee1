"""What went wrong with a script, in words for the scientist who wrote it, with their own lines of the traceback."""

import errno
import importlib
import os
import sys

from . import limits

LONGEST_MESSAGE = 2000
# Of Python's library. Imported where they are needed: that takes longer than all of ours together, and most scripts need none of it.
NEEDED = ("traceback", "difflib", "linecache", "tokenize")


class Kept:
    """Those that a neighbour of the script could stand for."""

    modules = {}


def needed(name):
    return Kept.modules.get(name) or importlib.import_module(name)


def keep_needed():
    Kept.modules = {name: importlib.import_module(name) for name in NEEDED}


class ScriptFault(Exception):
    """`kind` is for the service, `message` for people, `details` for the log."""

    def __init__(self, kind, message, own_lines=(), details=None):
        super().__init__(message)
        self.kind = kind
        self.message = shorten(message)
        self.own_lines = list(own_lines)
        self.details = details

    def as_json(self):
        return {"kind": self.kind, "message": self.message, "traceback": self.own_lines}


def shorten(text):
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def show(fault):
    """Writes the fault into the log, behind what the script printed."""
    try:
        sys.stdout.flush()
        print(fault.details or fault.message, file=sys.stderr, flush=True)
    except BaseException:
        # The script has closed or replaced its streams, by what may raise anything; the message travels with the report all the same.
        pass


def from_exception(error, script_directory, loading):
    """The fault that an exception out of a script means. `loading` is the file that was being executed."""
    limits.use_spare_descriptors()
    try:
        return exact(error, script_directory, loading)
    except BaseException:
        # An exception can be made so that looking at it raises another.
        name = type.__dict__["__name__"].__get__(type(error))
        return ScriptFault("exception", "%s in %s, of which nothing more can be told." % (name, loading))


def exact(error, script_directory, loading):
    summary = needed("traceback").TracebackException.from_exception(error)
    leave_out_our_lines(summary, script_directory)
    own = [frame for frame in summary.stack if not frame.filename.startswith((os.sep, "<"))]
    details = "".join(format_safely(summary)).rstrip()
    lines = ["%s, line %s, in %s: %s" % (frame.filename, frame.lineno, frame.name, frame.line or "") for frame in own]
    kind, message = describe(error, own[-1] if own else None, script_directory, loading)
    return ScriptFault(kind, message, lines, details)


def describe(error, place, script_directory, loading):
    where = "" if place is None else " (%s, line %s)" % (place.filename, place.lineno)
    text = message_of(error)
    if isinstance(error, SyntaxError) and is_inside(error.filename or "", script_directory):
        file = os.path.relpath(error.filename, script_directory)
        line = "" if error.lineno is None else " in line %s" % error.lineno
        return "syntax-error", "%s is not valid Python: %s%s." % (file, error.msg, line)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return "missing-module", missing_module(error.name, where)
    if isinstance(error, SystemExit):
        return "exit", "The script ended itself with sys.exit(%s)%s. Let main return instead." % (shown(error.code), where)
    if isinstance(error, KeyboardInterrupt):
        return "exception", "The script was interrupted%s." % where
    if isinstance(error, MemoryError):
        return "out-of-memory", "The script asked for more memory than there is%s. %s" % (where, text)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk-full", full_disk(where, text)
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "output-limit", "A file would have become larger than the service allows%s." % where
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "open-files", "The script has as many files open as it may%s. Close those that are done with." % where
    if isinstance(error, BlockingIOError) and error.filename is None and place_is_a_start(place):
        return "processes", "The script has as many processes as it may, and could start no other%s. Let it start fewer." % where
    if isinstance(error, KeyError) and text:
        text = "The key %s is missing" % text
    name = type(error).__name__
    place_name = loading if place is None else "%s, line %s" % (place.filename, place.lineno)
    if not text:
        return "exception", "%s in %s, without a message." % (name, place_name)
    return "exception", "%s (%s in %s)" % (text, name, place_name)


def full_disk(where, text):
    temporary = os.environ.get("TMPDIR", "/tmp")
    try:
        room = os.statvfs(temporary)
        if room.f_bavail == 0 or room.f_favail == 0:
            return "The room for temporary files (%s) is full%s: %s. Delete those that are done with, or write less." % (temporary, where, text)
    except OSError:
        pass
    return "The disk for the results is full%s: %s." % (where, text)


def place_is_a_start(place):
    """Reading and writing without waiting gives the same error as starting a process too many."""
    return place is not None and not any(word in (place.line or "") for word in ("recv", "read", "send", "write", "accept"))


def missing_module(name, where):
    if name == "reduce_vars":
        return "The script imports reduce_vars, but there is no reduce_vars.py beside it%s." % where
    return (
        "The script imports %s, which is neither beside it nor in this software environment%s. "
        "Choose another environment or put the module beside reduce.py." % (name, where)
    )


def message_of(error):
    try:
        return shorten(str(error).strip())
    except BaseException:
        return ""


def shown(value):
    try:
        return shorten(repr(value)) if value is not None else ""
    except BaseException:
        return "…"


def format_safely(summary):
    try:
        return list(summary.format())
    except BaseException:
        return ["The exception cannot be printed."]


def leave_out_our_lines(summary, script_directory):
    """Drops the runner's and the import system's frames and names the script's files as the scientist knows them."""
    seen, todo = set(), [summary]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.stack = needed("traceback").StackSummary.from_list(
            [named_for_people(frame, script_directory) for frame in one.stack if not is_ours(frame.filename)]
        )
        if getattr(one, "filename", None) and is_inside(one.filename, script_directory):
            one.filename = os.path.relpath(one.filename, script_directory)
        todo += [one.__cause__, one.__context__] + list(getattr(one, "exceptions", None) or [])


def named_for_people(frame, script_directory):
    if not is_inside(frame.filename, script_directory):
        return frame
    name = os.path.relpath(frame.filename, script_directory)
    return needed("traceback").FrameSummary(name, frame.lineno, frame.name, lookup_line=False, line=frame.line)


def is_ours(file):
    return is_inside(file, os.path.dirname(os.path.abspath(__file__))) or file.startswith("<frozen importlib")


def is_inside(file, directory):
    return os.path.abspath(file).startswith(os.path.join(directory, ""))
