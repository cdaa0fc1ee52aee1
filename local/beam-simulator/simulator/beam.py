"""The beam is on: runs come from one instrument after the other until somebody says stop."""

from __future__ import annotations

import os
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import h5py
import numpy as np

from .control_system import AT_ONCE, choose_manner, publish
from .facility_clock import exposure_times
from .instruments import INSTRUMENTS
from .raw_nexus import raw_file
from .run_record import Instrument, Run, expose
from .sample_archive import InstrumentFolder, install_scripts, last_run, write_lastrun

CYCLE, CYCLE_BEFORE = '26_3', '26_2'
SECONDS_SINCE_EARLIER_RUN = 600
LONGEST_COUNTING = 300  # seconds, so that no file grows beyond a megabyte


@dataclass
class Beam:
    """Plays all instruments into one archive. `wait(seconds)` is true when it is time to stop."""

    root: Path
    interval: float
    seed: int
    keep: int
    wait: Callable[[float], bool]
    say: Callable[[str], None]
    fast: bool = False
    _began: float = field(default_factory=time.time)
    _made: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)
    _ended: dict[str, float] = field(default_factory=dict)

    def now(self) -> float:
        """Seconds since 1970; when nobody waits, as if somebody had."""
        return self._began + self._made * self.interval if self.fast else time.time()

    def folder(self, instrument: Instrument) -> InstrumentFolder:
        return InstrumentFolder(self.root, instrument.name, instrument.first_run)

    def set_up(self) -> None:
        """Makes what is absent: folders, scripts, an earlier run; and mends a run that an abrupt end left in pieces."""
        for instrument in INSTRUMENTS:
            folder = self.folder(instrument)
            install_scripts(folder)
            folder.data(CYCLE).mkdir(parents=True, exist_ok=True)
            number = last_run(folder)
            if number is None:
                number, ended = instrument.first_run, self.now() - SECONDS_SINCE_EARLIER_RUN
                run, image = self.simulate(instrument, number, CYCLE_BEFORE, ended)
                publish(folder, run, image, AT_ONCE, self.wait, self.keep)
                for path in (folder.lastrun, folder.raw_file(CYCLE_BEFORE, number)):
                    os.utime(path, (ended, ended))
                self.say(f'{instrument.name}: new, its earlier run is {number}')
            else:
                self._mend(instrument, number)
            self._numbers[instrument.name] = number
            if folder.lastrun.is_file() and not self.fast:
                self._ended[instrument.name] = folder.lastrun.stat().st_mtime

    def _mend(self, instrument: Instrument, number: int) -> None:
        folder = self.folder(instrument)
        path = folder.raw_file(CYCLE, number)
        if path.is_file() and not _opens(path):
            run, image = self.simulate(instrument, number, CYCLE, self.now())
            publish(folder, run, image, AT_ONCE, self.wait, self.keep)
            self.say(f'{run.stem}: completed, the simulator had been cut off while it was written')
        elif not folder.lastrun.exists():
            write_lastrun(folder, number)

    def simulate(self, instrument: Instrument, number: int, cycle: str, end: float) -> tuple[Run, bytes]:
        """The same seed and number give the same plan and the same luck; only the times differ."""
        rng = self._luck(instrument, number)
        longest = len(INSTRUMENTS) * self.interval * rng.uniform(0.55, 0.95)
        longest = min(max(longest, 5), LONGEST_COUNTING)
        start, ended = exposure_times(end, self._ended.get(instrument.name, 0.0), longest)
        plan = instrument.programme(number - instrument.first_run)
        exposure = expose(instrument, start, ended, rng)
        run = Run(instrument, number, cycle, plan, exposure, instrument.measure(plan, exposure, rng))
        return run, raw_file(run, rng)

    def _luck(self, instrument: Instrument, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(instrument.name.encode()), number])

    def _manner(self, instrument: Instrument, number: int) -> str:
        return choose_manner(np.random.default_rng([self.seed, zlib.crc32(instrument.name.encode()), number, 1]))

    def next_run(self, instrument: Instrument) -> None:
        number = self._numbers[instrument.name] + 1
        manner = self._manner(instrument, number)
        ended = self.now()
        run, image = self.simulate(instrument, number, CYCLE, ended)
        self._numbers[instrument.name] = number
        self._ended[instrument.name] = ended
        publish(self.folder(instrument), run, image, manner, self.wait, self.keep)
        plan, exposure = run.plan, run.exposure
        self.say(f'{run.stem} "{plan.title}" RB {plan.rb_number}, {exposure.proton_charge:.2f} uAh in '
                 f'{exposure.duration} s, {len(image) // 1024} kB, {manner}')

    def play(self, runs: int | None, first_after: float) -> None:
        """One run after `first_after` seconds, then one every interval or so, until told to stop."""
        due = time.monotonic() + first_after
        luck = np.random.default_rng([self.seed, 1])
        done = 0
        while runs is None or done < runs:
            order = list(INSTRUMENTS) if done == 0 else [INSTRUMENTS[i] for i in luck.permutation(len(INSTRUMENTS))]
            for instrument in order[:None if runs is None else runs - done]:
                if self.wait(0 if self.fast else max(0.0, due - time.monotonic())):
                    return
                due = max(due, time.monotonic() - self.interval) + self.interval * luck.uniform(0.8, 1.2)
                try:
                    self.next_run(instrument)
                except OSError as error:
                    # a full disk or a folder somebody took away: the other instruments go on
                    self.say(f'{instrument.name}: run not written: {error}')
                self._made = done = done + 1


def _opens(path: Path) -> bool:
    try:
        with h5py.File(path, 'r'):
            return True
    except OSError:
        return False
