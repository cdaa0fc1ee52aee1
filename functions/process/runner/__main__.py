"""`<interpreter> -u <this file> <job.json>`: run the job that the file describes.

The parent holds standard input open for as long as the job may run, reads the log from standard output and error, and reads
events, one JSON object a line, from file descriptor 3.
"""

import os
import sys


def load_package():
    """Import this folder under a name no script uses, and take it off the path where it would shadow scripts' neighbours."""
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != folder]
    package = type(sys)("_autoreduction_runner")
    package.__path__ = [folder]
    sys.modules[package.__name__] = package


def run(job_path):
    load_package()
    from _autoreduction_runner import jobs, supervisor

    job = jobs.read_job(job_path)
    report = supervisor.fork_script_process()
    # From here on this is the script's own process; the supervisor stays behind in the call above.
    return jobs.run_job(job, report)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
