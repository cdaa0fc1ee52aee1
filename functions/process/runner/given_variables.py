"""Puts the values that a person gave over the script's own.

Given is a list of `{name, group?, typed}` where the caller said the type, or `{name, group?, plain}` with plain JSON. A plain
value takes the type of the script's own value where nothing is lost: 1 becomes 1.0 for a float, a list becomes a tuple.
"""

from collections import OrderedDict

from . import typed_values


class BadGivenValue(Exception):
    """A given variable that the script does not have, or a value that it cannot have; says which and why."""


def give(variables, given):
    """Changes the dictionaries of `variables` in place: whoever imported them sees the chosen values."""
    chosen = []
    for one in given or []:
        name, group = one["name"], one.get("group")
        groups = [held for held in variables.groups_of(name) if group in (None, held)]
        if not groups:
            raise BadGivenValue(unknown(name, group, variables.names()))
        if len(groups) > 1:
            raise BadGivenValue("The script has “%s” among its standard and its advanced variables; say which is meant." % name)
        dictionary = variables.of_group(groups[0])
        try:
            chosen.append((dictionary, name, value_like(one, dictionary[name])))
        except typed_values.Unrepresentable as reason:
            raise BadGivenValue("The value given for “%s” %s." % (name, reason)) from None
    for dictionary, name, value in chosen:
        dictionary[name] = value


def unknown(name, group, names):
    kind = "" if group is None else " among its %s variables" % group
    if not names:
        return "“%s” was given, but the script has no variables." % name
    import difflib

    near = difflib.get_close_matches(name, names, 3, 0.6)
    by_case = [one for one in names if one.lower() == name.lower() and one not in near]
    if near or by_case:
        hint = "Did you mean %s?" % " or ".join("“%s”" % one for one in by_case + near)
    else:
        hint = "It has: %s." % ", ".join("“%s”" % one for one in names[:20])
    return "The script has no variable “%s”%s. %s" % (name, kind, hint)


def value_like(given, own):
    if given.get("typed") is not None:
        return typed_values.from_typed(given["typed"])
    return plain_like(given.get("plain"), own)


def plain_like(given, own):
    if isinstance(given, float):
        typed_values.float_text(given)
    if isinstance(given, int) and not isinstance(given, bool) and isinstance(own, float):
        return float_if_equal(given)
    if isinstance(given, list):
        items = [plain_like(item, item_like(own, place)) for place, item in enumerate(given)]
        return tuple(items) if isinstance(own, tuple) else items
    if isinstance(given, dict):
        known = own if isinstance(own, dict) else {}
        pairs = [(key, plain_like(item, known.get(key))) for key, item in given.items()]
        return OrderedDict(pairs) if isinstance(own, OrderedDict) else dict(pairs)
    return given


def item_like(own, place):
    if not isinstance(own, (list, tuple)) or not own:
        return None
    return own[min(place, len(own) - 1)]


def float_if_equal(given):
    try:
        return float(given) if float(given) == given else given
    except OverflowError:
        return given
