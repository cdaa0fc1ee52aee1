"""Executes the script's files as Python would, under their own names."""

import importlib.util
import os
import sys

from . import faults


def path_of(script_directory, name):
    return os.path.join(script_directory, name + ".py")


def is_there(script_directory, name):
    return os.path.isfile(path_of(script_directory, name))


def execute(script_directory, name):
    """The module of `<name>.py`, importable by that name from then on.

    It is not called `__main__`: many scripts end in an example that runs only then.
    """
    path = path_of(script_directory, name)
    if not os.path.isfile(path):
        raise faults.ScriptFault("no-script", "There is no %s.py." % name)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with open(path, "rb") as file:
            source = file.read()
        try:
            code = compile(source, path, "exec", dont_inherit=True)
        except ValueError as error:
            # How Python before 3.11.4 puts a NUL byte in a source file.
            raise SyntaxError(str(error), (path, None, None, None)) from None
        except SyntaxError as error:
            error.filename = error.filename or path
            raise
        exec(code, module.__dict__)
    except BaseException as error:
        raise faults.from_exception(error, script_directory, name + ".py") from None
    return module


def make_it_the_program(script_directory):
    """What the script finds in sys: its own folder first on the path, itself as the program, nothing of ours."""
    script = path_of(script_directory, "reduce")
    sys.argv[:] = [script]
    sys.path.insert(0, script_directory)
    sys.modules["__main__"] = type(sys)("__main__")
