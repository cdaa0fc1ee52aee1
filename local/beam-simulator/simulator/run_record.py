"""The words of a simulated run: what was planned, how long it counted, what the detectors saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Mapping

import numpy as np


@dataclass(frozen=True)
class SampleLog:
    """One block of the sample environment: drifts from `start` to `end` with a little noise, in `units`."""

    name: str
    start: float
    end: float
    units: str
    noise: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What the scientists asked for. `rb_number` is text: calibration runs carry none that is valid."""

    title: str
    rb_number: str
    users: str
    sample: Mapping[str, Any]
    sample_name: str = ' '
    notes: str = ' '
    logs: tuple[SampleLog, ...] = ()


@dataclass(frozen=True)
class Exposure:
    """How long and how well the beam was on. Times are the facility's local time without a zone, as in the files."""

    start: datetime
    end: datetime
    raw_frames: int
    good_frames: int
    proton_charge: float  # uAh
    beam_current: float  # uA

    @property
    def duration(self) -> int:
        return int((self.end - self.start).total_seconds())


@dataclass(frozen=True)
class Monitor:
    spectrum: int
    distance: float  # metres from the sample, negative upstream
    counts: np.ndarray


@dataclass(frozen=True)
class TofHistograms:
    """Counts of a neutron instrument: spectrum x time channel, with the geometry of each spectrum."""

    tof_edges: np.ndarray  # microseconds
    counts: np.ndarray
    spectra: np.ndarray
    detectors: np.ndarray
    two_theta: np.ndarray  # degrees, signed by bank
    secondary_path: np.ndarray  # metres
    azimuth: np.ndarray
    monitors: tuple[Monitor, ...]


@dataclass(frozen=True)
class MuonHistograms:
    """Counts of a muon instrument: detector x time channel, in two groups."""

    raw_time_edges: np.ndarray  # microseconds
    counts: np.ndarray
    grouping: np.ndarray  # 1 forward, 2 backward
    dead_time: np.ndarray  # microseconds
    time_zero: float
    first_good_bin: int
    last_good_bin: int
    orientation: str  # 'l' longitudinal, 't' transverse


@dataclass(frozen=True)
class Instrument:
    """An instrument the simulator plays. `programme(step)` says what run `first_run + step` measures."""

    name: str
    short_name: str
    first_run: int
    frames_per_second: float
    good_frame_share: float
    beam_current: float  # uA that the instrument's own frames carry
    programme: Callable[[int], Plan]
    measure: Callable[[Plan, Exposure, np.random.Generator], Any]
    neutrons: bool = True


@dataclass(frozen=True)
class Run:
    instrument: Instrument
    number: int
    cycle: str  # '26_3'
    plan: Plan
    exposure: Exposure
    histograms: Any

    @property
    def stem(self) -> str:
        return f'{self.instrument.name}{self.number:08d}'


def expose(instrument: Instrument, start: datetime, end: datetime, rng: np.random.Generator) -> Exposure:
    """The beam between two times. One run in fifteen meets a beam trip and collects a third of its charge."""
    seconds = max((end - start).total_seconds(), 1.0)
    beam = instrument.beam_current * rng.uniform(0.97, 1.02) * (0.35 if rng.random() < 1 / 15 else 1.0)
    raw_frames = int(seconds * instrument.frames_per_second)
    good_frames = int(raw_frames * instrument.good_frame_share * min(1.0, beam / instrument.beam_current))
    return Exposure(start, end, raw_frames, good_frames, beam * seconds / 3600, beam)


def poisson(expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(np.maximum(expected, 0)).astype(np.int32)


