"""Variables that mean a file: `{"url": ..., "default": ...}` under a name that contains `file`.

Scripts have no network: the service has fetched `url + default` before, and its text is put in as `value`.
shared/domain/variable-files.ts knows these variables by the same rule.
"""

from . import faults, script_variables


def fill(variables, fetched):
    by_address = {one["address"]: one for one in fetched or []}
    for group, _ in script_variables.GROUPS:
        for name, value in variables.of_group(group).items():
            address = address_of(name, value)
            if address is None:
                continue
            one = by_address.get(address, {"fault": "the service did not fetch it before the script was started"})
            if "text" not in one:
                raise faults.ScriptFault(
                    "variable-file", "The file of the variable “%s” is not there: %s (%s)." % (name, one["fault"], address)
                )
            value["value"] = one["text"]


def address_of(name, value):
    if not isinstance(name, str) or "file" not in name.lower() or not isinstance(value, dict):
        return None
    url, default = value.get("url"), value.get("default")
    return url + default if isinstance(url, str) and isinstance(default, str) else None
