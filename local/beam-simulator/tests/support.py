"""Temporary archives, single runs, and scripts run the way the service runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
SIMULATOR = HERE.parent
sys.path.insert(0, str(SIMULATOR))
sys.dont_write_bytecode = True

from simulator.beam import Beam  # noqa: E402
from simulator.instruments import INSTRUMENTS  # noqa: E402
from simulator.raw_nexus import raw_file  # noqa: E402
from simulator.run_record import Run, expose  # noqa: E402
from simulator.sample_archive import InstrumentFolder, open_sample_archive  # noqa: E402

BY_NAME = {instrument.name: instrument for instrument in INSTRUMENTS}
REAL_FILES = SIMULATOR.parent.parent.parent / 'shared' / 'data' / 'isis'

# replaces `web_var` by the variables chosen for this reduction and calls main, as the service does
RUNNER = """
import json, sys, types
folder, input_file, output_dir, changes = json.load(sys.stdin)
sys.dont_write_bytecode = True
sys.path.insert(0, folder)
import reduce_vars
import reduce
standard, advanced = dict(reduce_vars.standard_vars), dict(reduce_vars.advanced_vars)
for name, value in changes.items():
    (standard if name in standard else advanced)[name] = value
reduce.web_var = types.SimpleNamespace(standard_vars=standard, advanced_vars=advanced)
reduce.main(input_file, output_dir)
"""


class WithFolder(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix='beam-simulator-')
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)


def simulate(name: str, title: str, seconds: float = 50, luck: int = 1) -> Run:
    """The first run of the instrument's programme that carries the title."""
    instrument = BY_NAME[name]
    step = next(step for step in range(50) if instrument.programme(step).title == title)
    rng = np.random.default_rng(luck)
    end = datetime(2026, 7, 1, 12, 0, 0)
    exposure = expose(instrument, end - timedelta(seconds=seconds), end, rng)
    plan = instrument.programme(step)
    return Run(instrument, instrument.first_run + step, '26_3', plan, exposure, instrument.measure(plan, exposure, rng))


def write(run: Run, folder: Path) -> Path:
    path = folder / f'{run.stem}.nxs'
    path.write_bytes(raw_file(run, np.random.default_rng(3)))
    return path


def new_beam(root: Path, keep: int = 500, said: list[str] | None = None, **options: Any) -> Beam:
    open_sample_archive(root)
    said = [] if said is None else said
    return Beam(root, 15, 26, keep, options.pop('wait', lambda _: False), said.append, fast=True, **options)


def folder_of(root: Path, name: str) -> InstrumentFolder:
    return InstrumentFolder(root, name, BY_NAME[name].first_run)


def reduce(scripts: Path, input_file: Path | list[Path], output: Path, **changes: Any) -> str:
    """Runs a `reduce.py` in a fresh interpreter; its log. A failure raises CalledProcessError with the log in it."""
    output.mkdir(parents=True, exist_ok=True)
    paths = [str(path) for path in input_file] if isinstance(input_file, list) else str(input_file)
    named = {name.replace('__', ' '): value for name, value in changes.items()}
    job = json.dumps([str(scripts), paths, f'{output}/', named])
    done = subprocess.run([sys.executable, '-c', RUNNER], input=job, text=True, check=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8')
    return done.stdout


def eventually(true: Any, seconds: float = 240) -> None:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            raise AssertionError(f'still not true after {seconds} s')
        time.sleep(0.02)
