"""`<interpreter> -u <this folder> <job.json>`: run the job that the file describes.

The parent holds standard input open for as long as the job may run, reads the log from standard output and error, and reads
events, one JSON object a line, from file descriptor 3.
"""

import importlib.util
import os
import sys


def load_package():
    """Import this folder under a name no script uses, and take it off the path where it would shadow scripts' neighbours."""
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != folder]
    spec = importlib.util.spec_from_file_location(
        "_autoreduction_runner", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    spec.loader.exec_module(package)


def run(job_path):
    load_package()
    from _autoreduction_runner import jobs, supervisor

    job = jobs.read_job(job_path)
    report = supervisor.fork_script_process()
    # From here on this is the script's own process; the supervisor stays behind in the call above.
    return jobs.run_job(job, report)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
