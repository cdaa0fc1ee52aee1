"""Python values as typed JSON and back (shared/contracts/variables.ts), so that each keeps its type through database and form.

Numbers travel as text: JSON's would lose the difference of 1 and 1.0 and round long integers. A float's text is Python's repr
without the plus sign of its exponent.
"""

import contextlib
import math
import sys
from collections import OrderedDict

DEEPEST = 64


class Unrepresentable(Exception):
    """A value that the form and the database cannot hold; says why in words that follow the variable's name."""


@contextlib.contextmanager
def integers_of_any_length():
    """Python 3.11 and later refuse to print integers beyond 4300 digits; a variable may be one."""
    if not hasattr(sys, "set_int_max_str_digits"):
        yield
        return
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


def to_typed(value):
    with integers_of_any_length():
        return typed(value, 0)


def from_typed(value):
    with integers_of_any_length():
        return untyped(value)


def typed(value, depth):
    if depth > DEEPEST:
        raise Unrepresentable("is nested more than %d levels deep, or contains itself" % DEEPEST)
    if value is None:
        return {"type": "none"}
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if type(value) is str:
        return {"type": "string", "value": text(value)}
    if type(value) is int:
        return {"type": "integer", "value": str(value)}
    if type(value) is float:
        return {"type": "float", "value": float_text(value)}
    if type(value) is list or type(value) is tuple:
        return {"type": type(value).__name__, "items": [typed(item, depth + 1) for item in value]}
    if type(value) is dict or type(value) is OrderedDict:
        entries = [[typed(key, depth + 1), typed(item, depth + 1)] for key, item in value.items()]
        return {"type": "mapping", "ordered": type(value) is OrderedDict, "entries": entries}
    return typed(nearest_plain(value), depth)


def nearest_plain(value):
    """numpy's scalars and the like stand for a plain value that equals them; everything else is refused."""
    if type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        plain = value.item()
        if type(plain) in (bool, int, float, str):
            return plain
    name = type(value).__name__
    if hasattr(value, "tolist"):
        raise Unrepresentable("is of type %s; write it as a list, for example with .tolist()" % name)
    if name in ("range", "dict_keys", "dict_values", "dict_items", "map", "zip", "filter"):
        raise Unrepresentable("is of type %s, which was a list in Python 2; write it as list(...)" % name)
    if isinstance(value, (set, frozenset)):
        raise Unrepresentable("is a set, which has no order; write it as a list")
    if isinstance(value, (bytes, bytearray)):
        raise Unrepresentable("is of type %s; write it as text" % name)
    raise Unrepresentable(
        "is of type %s; a variable can be text, a number, True or False, None, a list, a tuple or a dictionary" % name
    )


def float_text(value):
    if math.isnan(value):
        raise Unrepresentable("is NaN, which is not a number that can be shown, stored or compared; use None for “not set”")
    if math.isinf(value):
        raise Unrepresentable("is infinite, which cannot be shown or stored; use a large number, or None for “no limit”")
    return repr(value).replace("e+", "e")


def text(value):
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Unrepresentable("contains half of a character (a lone surrogate), which is not valid text") from None
    return value


def untyped(value):
    kind = value["type"]
    if kind == "none":
        return None
    if kind in ("boolean", "string"):
        return value["value"]
    if kind == "integer":
        return int(value["value"])
    if kind == "float":
        number = float(value["value"])
        if math.isinf(number):
            raise Unrepresentable("is larger than the largest number Python can hold")
        return number
    if kind == "list":
        return [untyped(item) for item in value["items"]]
    if kind == "tuple":
        return tuple(untyped(item) for item in value["items"])
    if kind == "mapping":
        pairs = [(untyped(key), untyped(item)) for key, item in value["entries"]]
        try:
            return OrderedDict(pairs) if value["ordered"] else dict(pairs)
        except TypeError:
            raise Unrepresentable("uses a list or a dictionary as a key, which Python does not allow") from None
    raise Unrepresentable("has the unknown type %s" % kind)
