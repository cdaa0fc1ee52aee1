"""`<interpreter> -u <this file> <way>`: runs reductions, in one of these ways.

`plain`: one reduction, as an ordinary process group; the channel is file descriptor 3.
`inside`: one reduction, as the first process of a world that somebody else has made (bubblewrap); the channel is file descriptor 3.
`guard`: starts bubblewrap, which the arguments that follow name, where root would leave it too much; see guard.py.
`sealed`: this interpreter once more, in the way that follows, from a file that nobody can change; see sealed.py.
`zygote`: many reductions, each in a world of its own; see zygote.py.
`ahead`: one reduction, by an interpreter that has modules imported before there is one; see started_ahead.py.
`list-fonts`: makes what matplotlib keeps between its starts.
`describe`: what an interpreter needs to see of the file system, as JSON on standard output.
"""

import os
import sys

CHANNEL = 3
# Python's own, at the start of any script.
STARTED_WITH = frozenset(sys.modules)


def load_package():
    """Import this folder under a name no script uses, and take it off the path where it would shadow scripts' neighbours."""
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != folder]
    package = type(sys)("_autoreduction_runner")
    package.__path__ = [folder]
    package.started_with = STARTED_WITH
    sys.modules[package.__name__] = package


def run(way):
    load_package()
    if way in ("describe", "list-fonts"):
        from _autoreduction_runner import describe

        return describe.describe() if way == "describe" else describe.list_fonts()
    if way == "guard":
        from _autoreduction_runner import guard

        return guard.start(sys.argv[2:])
    if way == "sealed":
        from _autoreduction_runner import sealed

        return sealed.start_again(os.path.abspath(__file__), sys.argv[2:])
    if way == "zygote":
        from _autoreduction_runner import zygote

        return zygote.serve()
    if way == "ahead":
        from _autoreduction_runner import started_ahead

        return started_ahead.serve(CHANNEL)
    from _autoreduction_runner import jobs, kernel, supervisor
    from _autoreduction_runner.channel import read_request

    isolated = way == "inside"
    if isolated:
        import signal

        kernel.signal_when_parent_dies(signal.SIGKILL)
        kernel.be_unreadable()
    try:
        request = read_request(CHANNEL)
    except EOFError:
        return 0
    report = supervisor.fork_script_process(request, CHANNEL, isolated)
    # From here on this is the script's own process; the supervisor stays behind in the call above.
    return jobs.run_job(request["job"], report)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
