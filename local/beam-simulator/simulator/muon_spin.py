"""Counts of a pulsed muon instrument: decay, precession, relaxation, dead time."""

from __future__ import annotations

import numpy as np

from .run_record import Exposure, MuonHistograms, Plan

MUON_LIFETIME = 2.19703  # microseconds
GYROMAGNETIC_RATIO = 0.01355342  # MHz per gauss
DETECTORS = 64
CHANNELS = 2048
CHANNEL_WIDTH = 0.016  # microseconds
TIME_ZERO = 0.5497
FIRST_GOOD_BIN = 42
# some twenty times what the real instrument sees: a run of a minute shall show what one of half an hour does
POSITRONS_PER_UAH = 8.8e5
# what distinguishes one detector from the next stays the same from run to run
GROUPING = np.where(np.arange(DETECTORS) < DETECTORS // 2, 1, 2).astype(np.int32)
EFFICIENCY = np.random.default_rng(1).normal(1.0, 0.03, DETECTORS)
EFFICIENCY *= np.where(GROUPING == 1, 1.05 * EFFICIENCY[GROUPING == 2].sum() / EFFICIENCY[GROUPING == 1].sum(), 1.0)
DEAD_TIME = np.random.default_rng(2).uniform(0.004, 0.012, DETECTORS).astype(np.float32)


def polarisation(sample, time: np.ndarray) -> np.ndarray:
    """Muon polarisation after `time` microseconds. `shape`: transverse, exponential or kubo-toyabe."""
    shape, rate = sample['shape'], sample['rate']
    if shape == 'transverse':
        phase = 2 * np.pi * GYROMAGNETIC_RATIO * sample['field'] * time
        return np.cos(phase) * np.exp(-0.5 * (rate * time) ** 2)
    if shape == 'kubo-toyabe':
        return 1 / 3 + 2 / 3 * (1 - (rate * time) ** 2) * np.exp(-0.5 * (rate * time) ** 2)
    return np.exp(-rate * time)


def measure_muons(plan: Plan, exposure: Exposure, rng: np.random.Generator) -> MuonHistograms:
    """`plan.sample`: shape, rate (per microsecond), field (gauss), asymmetry. Detectors 1 to 32 look forward."""
    sample = plan.sample
    edges = np.arange(CHANNELS + 1) * CHANNEL_WIDTH
    time = (edges[1:] + edges[:-1]) / 2 - TIME_ZERO
    after = np.clip(time, 0, None)
    arrival = 1 / (1 + np.exp(-time / 0.02))  # the pulse is some 80 ns long
    sign = np.where(GROUPING == 1, 1.0, -1.0)
    asymmetry = sample.get('asymmetry', 0.23) * polarisation(sample, after) + sample.get('baseline', 0.0)
    per_detector = POSITRONS_PER_UAH * exposure.proton_charge / DETECTORS
    decay = np.exp(-after / MUON_LIFETIME) * arrival * CHANNEL_WIDTH / MUON_LIFETIME
    true = per_detector * EFFICIENCY[:, None] * decay[None, :] * (1 + sign[:, None] * asymmetry[None, :])
    busy = true * DEAD_TIME[:, None] / (CHANNEL_WIDTH * max(exposure.good_frames, 1))
    seen = true / (1 + busy) + 0.02
    counts = rng.poisson(seen).astype(np.int32)
    return MuonHistograms(edges.astype(np.float32), counts, GROUPING, DEAD_TIME, TIME_ZERO, FIRST_GOOD_BIN, CHANNELS,
                          orientation='l')
