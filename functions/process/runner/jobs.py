"""What a job file asks for: reduce data with a script, or read a script's variables."""

import json

from . import faults, read_variables, reduction


def read_job(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def run_job(job, report):
    """Does the job inside the script's own process. What comes of it goes to `report`; gives the exit status."""
    work = {"reduce": reduction.reduce, "read-variables": read_variables.read_variables}[job["mode"]]
    try:
        outcome = work(job, report)
    except faults.ScriptFault as fault:
        faults.show(fault)
        report({"kind": "fault", "fault": fault.as_json()})
        return 1
    report(outcome)
    return 0
