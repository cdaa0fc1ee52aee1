"""Looks a script over without executing it: encoding, syntax, tabs, main, imports."""

import ast
import importlib.util
import io
import os
import platform
import sys
import tokenize
import warnings

from . import faults, script_files

FOUND_WITHOUT_LOOKING = {"reduce_vars", "__future__", "__main__"}


def check(job, _report):
    script_directory = job["scriptDirectory"]
    script_files.make_it_the_program(script_directory)
    problems = []
    for name in job["files"]:
        if name.endswith(".py"):
            look_at_file(script_directory, name, job, problems)
    return {"kind": "checked", "python": platform.python_version(), "problems": problems}


def look_at_file(script_directory, name, job, problems):
    def tell(kind, message, line=None, severity="error"):
        problems.append({"file": name, "line": line, "severity": severity, "kind": kind, "message": message})

    with open(os.path.join(script_directory, name), "rb") as file:
        source = file.read()
    text = decoded(name, source, tell)
    if text is None:
        return
    tree = compiled(name, source, tell)
    if tree is None:
        return
    look_at_indentation(name, text, tell)
    if name == "reduce.py":
        look_for_main(tree, tell)
        if job.get("otherFiles"):
            look_for_own_folder(tree, job["otherFiles"], tell)
    look_at_imports(name, tree, script_directory, tell)


def decoded(name, source, tell):
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError as error:
        message = str(error.msg)
        if "unknown encoding" in message:
            tell("encoding", "%s says that it is in an encoding that Python does not know: %s." % (name, message), 1)
        else:
            tell("encoding", "%s is not text as Python reads it: %s." % (name, message), line_that_fails(source, "utf-8"))
        return None
    try:
        return source.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        line = line_that_fails(source, encoding)
        tell(
            "encoding",
            "%s has characters that are not in %s. Save it as UTF-8, or say its encoding in the first line: "
            "# -*- coding: latin-1 -*-" % (name, encoding),
            line,
        )
        return None


def line_that_fails(source, encoding):
    for number, line in enumerate(source.split(b"\n"), 1):
        try:
            line.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            return number
    return None


def compiled(name, source, tell):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            tree = compile(source, name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
            compile(source, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            kind = "tabs" if isinstance(error, TabError) else "syntax-error"
            hint = ""
            if "Missing parentheses in call to" in str(error.msg):
                hint = " This is Python 2; scripts run in Python 3."
            elif isinstance(error, TabError):
                hint = " Indent the whole file with spaces."
            message = str(error.msg).rstrip(".")
            end = "" if message.endswith("?") else "."
            tell(kind, "%s is not valid Python: %s%s%s" % (name, message, end, hint), error.lineno)
            return None
        except (ValueError, RecursionError, MemoryError) as error:
            tell("syntax-error", "%s cannot be read as Python: %s." % (name, error))
            return None
    for warning in {str(one.message): one for one in reversed(said)}.values():
        tell("suspicious", "Python warns: %s." % str(warning.message).rstrip("."), warning.lineno, "warning")
    return tree


def look_at_indentation(name, text, tell):
    with_tabs, with_spaces = [], []
    for number, line in enumerate(text.splitlines(), 1):
        start = line[: len(line) - len(line.lstrip())]
        if start and line.strip():
            (with_tabs if "\t" in start else with_spaces).append(number)
    if with_tabs and with_spaces:
        tell(
            "tabs",
            "%s is indented with tabs in some lines and with spaces in others. Python accepts it as it is; "
            "the next edit may not be what it looks like. Use spaces." % name,
            with_tabs[0] if len(with_tabs) <= len(with_spaces) else with_spaces[0],
            "warning",
        )


def look_for_main(tree, tell):
    found = last_main(tree.body)
    if found is None:
        tell("no-main", "reduce.py has no function main(input_file, output_dir), which is what the service calls.")
        return
    if isinstance(found, ast.AsyncFunctionDef):
        tell("bad-main", "main of reduce.py is declared with async def, and would never be run.", found.lineno)
    if not isinstance(found, ast.FunctionDef):
        return
    positional = getattr(found.args, "posonlyargs", []) + found.args.args
    needed = len(positional) - len(found.args.defaults)
    takes_two = len(positional) >= 2 or found.args.vararg is not None
    needs_names = any(default is None for default in found.args.kw_defaults)
    if not found.decorator_list and (needed > 2 or not takes_two or needs_names):
        tell(
            "bad-main",
            "main of reduce.py cannot be called as main(input_file, output_dir): it takes (%s)."
            % ", ".join(argument.arg for argument in positional),
            found.lineno,
        )


def last_main(statements):
    """What `main` is when the module has been executed, as far as can be seen; None where it is nothing."""
    found = None
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found = statement if statement.name == "main" else found
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names = [alias.asname or alias.name for alias in statement.names]
            found = statement if "main" in names or (found is None and "*" in names) else found
        elif isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            found = statement if "main" in names else found
        else:
            for part in blocks_of(statement):
                found = last_main(part) or found
    return found


def blocks_of(statement):
    if isinstance(statement, ast.If) and is_program_guard(statement.test):
        return [statement.orelse]
    parts = [getattr(statement, part, None) or [] for part in ("body", "orelse", "finalbody")]
    return [part for part in parts if isinstance(part, list)] + [
        handler.body for handler in getattr(statement, "handlers", None) or []
    ]


def is_program_guard(test):
    """`if __name__ == "__main__"`, which is never true for the service, and `if TYPE_CHECKING`."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    return bool(names & {"__name__", "TYPE_CHECKING"}) and not any(isinstance(node, ast.NotEq) for node in ast.walk(test))


def look_for_own_folder(tree, other_files, tell):
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "__file__":
            tell(
                "files-left-behind",
                "reduce.py asks where it lies (__file__). The service runs a copy of it with the modules it imports, and "
                "nothing else from its folder: %s would not be there. Name such files by their whole path."
                % ", ".join(other_files[:5]),
                node.lineno,
                "warning",
            )
            return


def look_at_imports(name, tree, script_directory, tell):
    with_more_places = [place for place in literal_search_places(tree) if os.path.isdir(place)]
    sys.path.extend(with_more_places)
    told = set()
    try:
        for module, level, line, is_sure in imports_of(tree):
            if level > 0 and "/" not in name:
                tell(
                    "missing-module",
                    "%s imports from “%s”, with a dot before the name: that works inside a package only. Leave the dot out."
                    % (name, "." * level + module),
                    line,
                    "error" if is_sure else "warning",
                )
                continue
            top = module.split(".")[0]
            if level > 0 or top in told or is_found(top):
                continue
            told.add(top)
            message = faults.missing_module(top, "").replace("The script imports", "%s imports" % name, 1)
            tell("missing-module", message, line, "error" if is_sure else "warning")
    finally:
        del sys.path[len(sys.path) - len(with_more_places) :]


def is_found(top):
    if top in sys.builtin_module_names or top in FOUND_WITHOUT_LOOKING:
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return top in sys.modules


def literal_search_places(tree):
    """Directories that the script itself adds to sys.path, where it names them."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("append", "insert")
            and isinstance(node.func.value, ast.Attribute)
            and node.func.value.attr == "path"
            and node.args
        ):
            try:
                place = ast.literal_eval(node.args[-1])
            except ValueError:
                continue
            if isinstance(place, str):
                yield place


def imports_of(tree):
    """(module, leading dots, line, whether it is certainly executed when the file is loaded)."""
    todo = [(statement, True) for statement in reversed(tree.body)]
    while todo:
        node, is_sure = todo.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0, node.lineno, is_sure
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level, node.lineno, is_sure
        elif isinstance(node, ast.Try) and any(catches_import_error(handler) for handler in node.handlers):
            # Whoever catches it knows that it may be missing.
            for part in (node.orelse, node.finalbody):
                todo.extend((statement, False) for statement in reversed(part))
        elif isinstance(node, ast.If) and is_program_guard(node.test):
            todo.extend((statement, is_sure) for statement in reversed(node.orelse))
        else:
            goes_on = is_sure and isinstance(node, (ast.With, ast.Try, ast.ClassDef))
            todo.extend((child, goes_on) for child in reversed(list(ast.iter_child_nodes(node))))


def catches_import_error(handler):
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
