"""The variables that a script declares in reduce_vars.py."""

import itertools
import json

from . import typed_values

GROUPS = (("standard", "standard_vars"), ("advanced", "advanced_vars"))
LONGEST_NAME = 255
# As typed JSON, all together: what a database takes at once, and far more than a form shows.
LARGEST_BYTES = 8 * 1024 * 1024
# Nobody reads more than these.
MOST_FAULTS = 1000


class ScriptVariables:
    """`standard` and `advanced`: the dictionaries as the scientist wrote them; either may be empty."""

    def __init__(self, module):
        self.standard = declared(module, "standard_vars")
        self.advanced = declared(module, "advanced_vars")
        help_texts = getattr(module, "variable_help", None)
        self.help_texts = help_texts if isinstance(help_texts, dict) else {}

    def of_group(self, group):
        return self.standard if group == "standard" else self.advanced

    def groups_of(self, name):
        return [group for group, _ in GROUPS if name in self.of_group(group)]

    def names(self):
        return [name for group, _ in GROUPS for name in self.of_group(group) if isinstance(name, str)]


class BadDeclaration(Exception):
    """reduce_vars.py declares its variables in a way that cannot be read; says why."""


def declared(module, attribute):
    value = getattr(module, attribute, None)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadDeclaration(
            "%s in reduce_vars.py must be a dictionary of names and values, not a %s." % (attribute, type(value).__name__)
        )
    return value


def describe(variables):
    """(typed variables, faults): those that can be shown and stored, and for the others why not."""
    described, unrepresentable = [], []
    left = LARGEST_BYTES
    for group, name, value in itertools.chain.from_iterable(entries_of(variables, group) for group, _ in GROUPS):
        if len(unrepresentable) == MOST_FAULTS:
            break
        try:
            variable = {"group": group, "name": checked_name(name), "value": typed_values.to_typed(value)}
            add_help(variable, variables)
            left -= size_within(left, variable)
        except typed_values.Unrepresentable as reason:
            unrepresentable.append({"group": group, "variable": readable_name(name), "fault": str(reason)})
            continue
        described.append(variable)
    return described, unrepresentable


def entries_of(variables, group):
    return ((group, name, value) for name, value in variables.of_group(group).items())


def add_help(variable, variables):
    help_texts = variables.help_texts.get(dict(GROUPS)[variable["group"]])
    help_text = help_texts.get(variable["name"]) if isinstance(help_texts, dict) else None
    if isinstance(help_text, str):
        variable["help"] = help_text.encode("utf-8", "replace").decode("utf-8")


def size_within(left, variable):
    size = len(json.dumps(variable))
    if size > left:
        raise typed_values.Unrepresentable(
            "is too large (%.1f MB): all variables together may have %d MB to be shown and stored; let reduce.py read "
            "such data from a file" % (size / 1024**2, LARGEST_BYTES // 1024**2)
        )
    return size


def checked_name(name):
    if not isinstance(name, str):
        raise typed_values.Unrepresentable("has a name that is not text")
    if not 0 < len(name) <= LONGEST_NAME:
        raise typed_values.Unrepresentable("has a name that is empty or longer than %d characters" % LONGEST_NAME)
    if name == "__proto__":
        raise typed_values.Unrepresentable("has a name that web pages cannot carry; call it otherwise")
    return typed_values.text(name)


def readable_name(name):
    shown = name if isinstance(name, str) else repr(name)
    return shown.encode("utf-8", "replace").decode("utf-8")[:LONGEST_NAME]


def remarks_on_help(variables, module):
    """Help texts that nobody will see: for variables there are not, or in a form that is not theirs."""
    help_texts = getattr(module, "variable_help", None)
    if help_texts is None:
        return []
    if not isinstance(help_texts, dict):
        return ["variable_help is not a dictionary, so no help is shown."]
    remarks = []
    for group, attribute in GROUPS:
        texts = help_texts.get(attribute)
        if texts is None:
            continue
        if not isinstance(texts, dict):
            remarks.append("variable_help[%r] is not a dictionary of names and texts." % attribute)
            continue
        for name, text in texts.items():
            if name not in variables.of_group(group):
                remarks.append("There is help for “%s”, but %s has no such variable." % (readable_name(name), attribute))
            elif not isinstance(text, str):
                remarks.append("The help for “%s” is not text." % readable_name(name))
    others = sorted(readable_name(name) for name in help_texts if name not in ("standard_vars", "advanced_vars"))
    if others:
        remarks.append("variable_help has %s beside standard_vars and advanced_vars, which nobody reads." % ", ".join(others))
    return remarks
