"""Puts the values that a person gave or configured over the script's own.

Given is a list of `{name, group?, typed}` where the caller said the type, or `{name, group?, plain}` with plain JSON. A plain
value takes the type of the script's own value where nothing is lost: 1 becomes 1.0 for a float, a list becomes a tuple.

One with `from` was configured for an experiment or from a run on, before the script was what it is now: where it does not fit any more
it is left out and told, and the run goes on.
"""

from collections import OrderedDict

from . import faults, typed_values

WORDS = {
    "string": "text",
    "integer": "a whole number",
    "float": "a decimal number",
    "boolean": "True or False",
    "none": "None",
    "list": "a list",
    "tuple": "a tuple",
    "mapping": "a dictionary",
}
NUMBERS = ("integer", "float")


class BadGivenValue(Exception):
    """A given variable that the script does not have, or a value that it cannot have; says which and why."""


class LeftOut(Exception):
    """A configured value that does not fit the script any more; says why in words that follow the variable's name."""


def give(variables, given):
    """Changes the dictionaries of `variables` in place: whoever imported them sees the chosen values.

    Returns what was configured and left out.
    """
    chosen, left_out = [], []
    for one in given or []:
        if one.get("from") is None:
            chosen.append(choice(variables, one))
            continue
        try:
            chosen.append(configured_choice(variables, one))
        except LeftOut as reason:
            left_out.append({"name": one["name"], "from": one["from"], "reason": str(reason)})
    for dictionary, name, value in chosen:
        dictionary[name] = value
    return left_out


def choice(variables, one):
    name, group = one["name"], one.get("group")
    groups = [held for held in variables.groups_of(name) if group in (None, held)]
    if not groups:
        raise BadGivenValue(unknown(name, group, variables.names()))
    if len(groups) > 1:
        raise BadGivenValue("The script has “%s” among its standard and its advanced variables; say which is meant." % name)
    dictionary = variables.of_group(groups[0])
    try:
        return dictionary, name, value_like(one, dictionary[name])
    except typed_values.Unrepresentable as reason:
        raise BadGivenValue("The value given for “%s” %s." % (name, reason)) from None


def configured_choice(variables, one):
    """A variable that has moved to the other group is the same variable, unless both have it now."""
    name = one["name"]
    groups = variables.groups_of(name)
    if one.get("group") in groups:
        groups = [one["group"]]
    if len(groups) != 1:
        raise LeftOut("is not among the script's variables any more")
    dictionary = variables.of_group(groups[0])
    misfit = misfit_of(one, type_of(dictionary[name]))
    if misfit is not None:
        raise LeftOut(misfit)
    try:
        return dictionary, name, value_like(one, dictionary[name])
    except typed_values.Unrepresentable as reason:
        raise LeftOut(str(reason)) from None


def misfit_of(configured, now):
    """What shared/domain/variable-fits.ts says: a person who configured another type than the script's meant it, unless the
    script has changed its own since."""
    mine, then = configured["typed"]["type"], configured.get("declaredType")
    if then == now or mine == now or "none" in (mine, now) or (mine in NUMBERS and now in NUMBERS):
        return None
    return "was %s when it was configured and is %s in the script now, which %s does not fit" % (
        WORDS.get(then, "of another type"),
        WORDS.get(now, "something else"),
        WORDS[mine],
    )


def type_of(value):
    """The kind of the script's own value; None for one that no form can hold."""
    try:
        return typed_values.to_typed(value)["type"]
    except typed_values.Unrepresentable:
        return None


def unknown(name, group, names):
    kind = "" if group is None else " among its %s variables" % group
    if not names:
        return "“%s” was given, but the script has no variables." % name
    near = faults.needed("difflib").get_close_matches(name, names, 3, 0.6)
    by_case = [one for one in names if one.lower() == name.lower() and one not in near]
    if near or by_case:
        hint = "Did you mean %s?" % " or ".join("“%s”" % one for one in by_case + near)
    else:
        hint = "It has: %s." % ", ".join("“%s”" % one for one in names[:20])
    return "The script has no variable “%s”%s. %s" % (name, kind, hint)


def value_like(given, own):
    if given.get("typed") is not None:
        value = typed_values.from_typed(given["typed"])
        # A configured 5 for what the script now has as 5.0.
        return float_if_equal(value) if given.get("from") is not None and is_whole(value) and isinstance(own, float) else value
    return plain_like(given.get("plain"), own)


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def plain_like(given, own):
    if isinstance(given, float):
        typed_values.float_text(given)
    if is_whole(given) and isinstance(own, float):
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
