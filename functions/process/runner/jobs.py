"""What a job asks for: reduce data with a script, read or look over a script, or look round from where a script would stand."""

from . import faults, read_variables, reduction


def run_job(job, report):
    """Does the job inside the script's own process. What comes of it goes to `report`; gives the exit status."""
    work = {
        "reduce": reduction.reduce,
        "read-variables": read_variables.read_variables,
        "check": check,
        "probe": probe,
    }[job["mode"]]
    try:
        report(work(job, report))
        return 0
    except faults.ScriptFault as fault:
        told = fault
    except BaseException as error:
        # What a script declares, returns or leaves in sys.modules can raise anything when it is looked at.
        loading = "reduce_vars.py" if job["mode"] == "read-variables" else "reduce.py"
        told = faults.from_exception(error, job["scriptDirectory"], loading)
    faults.show(told)
    report({"kind": "fault", "fault": told.as_json()})
    return 1


# Reductions need none of what these import.


def probe(job, report):
    from . import probe as looking_round

    return looking_round.probe(job, report)


def check(job, report):
    from . import check_script

    return check_script.check(job, report)
