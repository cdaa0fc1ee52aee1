"""Plays the control system of four instruments into a sample archive. See README.md."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

# one thread is plenty, and the machine has other things to do
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
sys.dont_write_bytecode = True

from simulator.beam import Beam  # noqa: E402
from simulator.sample_archive import NotASampleArchive, open_sample_archive  # noqa: E402
from simulator.stop_request import StopRequest  # noqa: E402


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Plays the control system of four instruments into a sample archive.')
    parser.add_argument('--archive', type=Path, required=True, help='folder of the sample archive, made if absent')
    parser.add_argument('--interval', type=float, default=15, help='seconds between runs (15)')
    parser.add_argument('--runs', type=int, help='stop after so many runs (never)')
    parser.add_argument('--keep', type=int, default=500, help='newest raw files kept of each instrument (500)')
    parser.add_argument('--seed', type=int, default=26, help='the same seed measures the same (26)')
    parser.add_argument('--fast', action='store_true', help='no waiting; times in the files are invented')
    arguments = parser.parse_args()
    if arguments.interval <= 0 or arguments.keep < 1 or arguments.seed < 0:
        parser.error('--interval and --keep must be positive, --seed not negative')
    return arguments


def say(line: str) -> None:
    print(datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'), line, flush=True)


def stop_when_asked(stop: StopRequest) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if os.environ.get('exit_with_parent') == '1':
        def until_closed() -> None:
            while os.read(0, 4096):
                pass
            stop.set()
        threading.Thread(target=until_closed, daemon=True).start()


def alone_in(archive: Path, stop: StopRequest) -> object:
    """Two simulators in one archive would give the same run numbers; the lock goes with the process."""
    file = open(archive / '.beam-simulator.lock', 'w')  # noqa: SIM115
    for _ in range(40):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if stop.wait(0.1):
                break
    sys.exit(f'Another beam simulator is playing into {archive}.')


def main() -> None:
    arguments = parse_arguments()
    archive = arguments.archive.absolute()
    stop = StopRequest()
    stop_when_asked(stop)
    try:
        open_sample_archive(archive)
    except NotASampleArchive as refusal:
        sys.exit(str(refusal))
    lock = alone_in(archive, stop)
    os.nice(5)
    wait = (lambda _seconds: stop.is_set()) if arguments.fast else stop.wait
    beam = Beam(archive, arguments.interval, arguments.seed, arguments.keep, wait, say, arguments.fast)
    beam.set_up()
    say(f'playing into {archive}, a run every {arguments.interval:g} s')
    beam.play(arguments.runs, first_after=5)
    say('stopped')
    del lock


if __name__ == '__main__':
    main()
