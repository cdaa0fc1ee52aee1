"""Reads the variables that reduce_vars.py declares, with their types, by executing it."""

from . import faults, script_files, script_variables


def read_variables(job, _report):
    """With `tellEach`, what no form can hold is told one by one; else the first few of it refuse the whole file."""
    script_directory = job["scriptDirectory"]
    script_files.make_it_the_program(script_directory)
    if not script_files.is_there(script_directory, "reduce_vars"):
        return {"kind": "read", "variables": [], "unrepresentable": [], "helpRemarks": []}
    module = script_files.execute(script_directory, "reduce_vars")
    try:
        variables = script_variables.ScriptVariables(module)
    except script_variables.BadDeclaration as error:
        raise faults.ScriptFault("bad-variables", str(error)) from None
    described, unrepresentable = script_variables.describe(variables)
    if unrepresentable and not job.get("tellEach"):
        reasons = " ".join("“%s” %s." % (one["variable"], one["fault"]) for one in unrepresentable[:10])
        raise faults.ScriptFault("bad-variables", reasons)
    return {
        "kind": "read",
        "variables": described,
        "unrepresentable": unrepresentable,
        "helpRemarks": script_variables.remarks_on_help(variables, module),
    }
