"""Executes the script's files as Python would, under their own names."""

import importlib.util
import os
import sys

from . import faults, started_with


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
    give_way_to(modules_in(script_directory))
    script = path_of(script_directory, "reduce")
    sys.argv[:] = [script]
    sys.path.insert(0, script_directory)
    sys.modules["__main__"] = type(sys)("__main__")


def give_way_to(neighbours):
    """A module beside the script stands before one of Python's, as it would if Python itself started the script: but for those it starts with."""
    if neighbours & set(getattr(sys, "stdlib_module_names", neighbours)):
        faults.keep_needed()
    hiding = {name for name in neighbours if name in sys.modules} - started_with - set(sys.builtin_module_names)
    if hiding:
        for name in list(sys.modules):
            if name.partition(".")[0] in hiding:
                del sys.modules[name]


def modules_in(directory):
    found = set()
    for name in os.listdir(directory):
        if name.endswith(".py"):
            found.add(name[: -len(".py")])
        elif os.path.isfile(os.path.join(directory, name, "__init__.py")):
            found.add(name)
    return found
