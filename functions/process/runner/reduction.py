"""The contract of reduce.py: load it with its chosen variables, call `main(input_file, output_dir)`, report what it gave back."""

import itertools
import os
import sys

from . import faults, given_variables, script_files, script_variables, variable_files


class WebVar:
    """What `web_var` is inside a script: both dictionaries; anything else is asked of reduce_vars.py itself."""

    def __init__(self, variables, module):
        self.standard_vars = variables.standard
        self.advanced_vars = variables.advanced
        self._module = module

    def __getattr__(self, name):
        return getattr(self.__dict__.get("_module"), name)


def reduce(job, report):
    script_directory = job["scriptDirectory"]
    script_files.make_it_the_program(script_directory)
    os.chdir(job["outputDirectory"])
    variables, module, left_out = chosen_variables(script_directory, job.get("given"))
    described, unrepresentable = script_variables.describe(variables)
    report({"kind": "variables", "variables": described, "unrepresentable": unrepresentable, "leftOut": left_out})
    variable_files.fill(variables, job.get("files"))
    script = script_files.execute(script_directory, "reduce")
    script.web_var = WebVar(variables, module)
    main = getattr(script, "main", None)
    if not callable(main):
        raise faults.ScriptFault(
            "no-main", "reduce.py has no function main(input_file, output_dir), which is what the service calls."
        )
    returned = call(main, job, script_directory)
    directories, refused = directories_of(returned)
    return {"kind": "returned", "directories": directories, "badReturn": refused, "modules": versions_of_modules()}


def chosen_variables(script_directory, given):
    module = None
    if script_files.is_there(script_directory, "reduce_vars"):
        module = script_files.execute(script_directory, "reduce_vars")
    try:
        variables = script_variables.ScriptVariables(module)
        left_out = given_variables.give(variables, given)
    except (script_variables.BadDeclaration, given_variables.BadGivenValue) as error:
        raise faults.ScriptFault("bad-variables", str(error)) from None
    if module is not None:
        module.standard_vars = variables.standard
        module.advanced_vars = variables.advanced
    return variables, module, left_out


def call(main, job, script_directory):
    output_directory = os.path.join(job["outputDirectory"], "")
    try:
        return main(job["inputFile"], output_directory)
    except BaseException as error:
        if isinstance(error, TypeError) and error.__traceback__.tb_next is None:
            raise faults.ScriptFault(
                "bad-main", "main of reduce.py cannot be called as main(input_file, output_dir): %s." % error
            ) from None
        raise faults.from_exception(error, script_directory, "reduce.py") from None


def directories_of(returned):
    """(additional directories, what is wrong with the returned value or None)."""
    if returned is None:
        return [], None
    places = list(returned) if isinstance(returned, (list, tuple)) else [returned]
    if all(isinstance(place, (str, os.PathLike)) for place in places):
        directories = [os.fspath(place) for place in places]
        if all(isinstance(place, str) and is_text(place) for place in directories):
            return [place for place in directories if place], None
    return [], (
        "main returned a value of type %s, which is not used: it may return None, a path or a list of paths "
        "of additional directories for the results." % type(returned).__name__
    )


def is_text(place):
    try:
        place.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in place


class LoadedAhead:
    """What a prepared interpreter had loaded before there was a script: looked at once, since looking copies memory in every fork."""

    names = frozenset()
    versions = {}


# Stands behind all that was loaded ahead; a name that nobody imports, so that it stays there.
MARK = __name__ + ".loaded_ahead"


def note_loaded_ahead():
    LoadedAhead.versions = versions_of_modules()
    sys.modules[MARK] = sys.modules[__name__]
    LoadedAhead.names = frozenset(sys.modules)


def names_loaded_since():
    """Names of modules that were not loaded ahead. Only these are touched: to touch a name is to copy a page of memory that every fork shares."""
    count = 64
    while True:
        # One step for the interpreter: other threads may be importing.
        latest = list(itertools.islice(reversed(sys.modules), count))
        if len(latest) < count:
            break
        if MARK in latest:
            latest = latest[: latest.index(MARK)]
            break
        count *= 4
    return [name for name in latest if isinstance(name, str) and name not in LoadedAhead.names]


def versions_of_modules():
    """Versions of the packages that the script loaded, for the record of what ran."""
    versions = dict(LoadedAhead.versions)
    for name in sorted(names_loaded_since()):
        try:
            version = version_of(name)
        except Exception:
            # A script can put anything there, and some that are loaded when they are needed cannot be.
            continue
        if version is not None:
            versions[name] = version
    return versions


def version_of(name):
    attributes = getattr(sys.modules.get(name), "__dict__", {})
    # Some make it when asked, which may import more; a module that holds nothing else has it then.
    version = attributes.get("__version__") or getattr(sys.modules.get(name + "._version"), "version", None)
    if "." in name or name.startswith("_") or not isinstance(version, str) or not is_text(version):
        return None
    return None if belongs_to_python(attributes.get("__file__")) else version[:64]


def belongs_to_python(file):
    library = os.path.dirname(os.__file__)
    return not file or (file.startswith(library) and "-packages" + os.sep not in file[len(library) :])
