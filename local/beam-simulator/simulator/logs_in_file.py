"""The logs in a raw file: `selog` for the sample environment, `runlog` for the data acquisition."""

from __future__ import annotations

import h5py
import numpy as np

from .nexus_fields import array, group, number, text
from .run_record import Run, SampleLog

SECONDS_BETWEEN_VALUES = 5.0


def _times(run: Run) -> np.ndarray:
    """Logs begin a little before the run does, so readers meet negative times."""
    return np.arange(-10.0, run.exposure.duration + SECONDS_BETWEEN_VALUES, SECONDS_BETWEEN_VALUES)


def _log(parent: h5py.Group, name: str, run: Run, times: np.ndarray, values: np.ndarray, units: str) -> h5py.Group:
    log = group(parent, name, 'NXlog')
    start = run.exposure.start.isoformat(timespec='seconds')
    array(log, 'time', times, np.float32, units='second', start=start)
    array(log, 'value', values, units=units)
    return log


def write_sample_logs(entry: h5py.Group, run: Run, rng: np.random.Generator) -> None:
    selog = group(entry, 'selog', 'IXselog')
    times = _times(run)
    fraction = np.clip(times / max(run.exposure.duration, 1), 0, 1)
    for log in run.plan.logs:
        values = log.start + (log.end - log.start) * fraction + rng.normal(0, log.noise or 1e-9, len(times))
        _write_block(selog, run, log, times, values.astype(np.float32))
    status = group(selog, 'Status', 'IXseblock')
    _write_controls(status, 'Status')
    words = np.array([[b'SETUP  '], [b'RUNNING']])
    text(_log(status, 'value_log', run, np.array([-10.0, 0.0]), words, ' '), 'name', ' ')


def _write_block(selog: h5py.Group, run: Run, log: SampleLog, times: np.ndarray, values: np.ndarray) -> None:
    block = group(selog, log.name, 'IXseblock')
    _write_controls(block, log.name)
    number(block, 'setpoint', log.end, np.float32, units=log.units)
    number(block, 'setpoint_spread', 0.0, np.float32, units=log.units)
    number(block, 'value', values[-1], np.float32, units=log.units)
    number(block, 'value_spread', float(values.std()), np.float32, units=log.units)
    text(_log(block, 'value_log', run, times, values, log.units), 'name', ' ')


def _write_controls(block: h5py.Group, name: str) -> None:
    text(block, 'read_control', name)
    text(block, 'set_control', ' ')
    text(block, 'vi_name', 'c:\\labview modules\\beam simulator\\beam simulator.llb')


def write_run_log(entry: h5py.Group, run: Run, counts: int, monitor_sum: int, rng: np.random.Generator) -> None:
    runlog = group(entry, 'runlog', 'IXrunlog')
    exposure, times = run.exposure, _times(run)
    running = times >= 0
    done = np.clip(times / max(exposure.duration, 1), 0, 1)
    current = np.where(running, exposure.beam_current * rng.normal(1, 0.01, len(times)), 0)
    charge = (exposure.proton_charge * done).astype(np.float32)
    rate = counts / max(exposure.duration, 1) * 3.6e-3
    for name, values, units in (
        ('dae_beam_current', current.astype(np.float32), 'uAh'),
        ('good_uah_log', charge, 'uAh'),
        ('raw_uah_log', charge, 'uAh'),
        ('good_frames', (exposure.good_frames * done).astype(np.int32), 'frames'),
        ('raw_frames', (exposure.raw_frames * done).astype(np.int32), 'frames'),
        ('total_counts', (counts * done).astype(np.int32), 'counts'),
        ('monitor_sum_1', (monitor_sum * done).astype(np.int32), 'counts'),
        ('count_rate', np.where(running, rate, 0).astype(np.float32), 'counts'),
        ('is_running', running.astype(np.int32), 'none'),
        ('is_waiting', np.zeros(len(times), np.int32), 'none'),
        ('run_status', np.where(running, 2, 1).astype(np.int32), 'none'),
        ('period', np.ones(len(times), np.int32), 'none'),
        ('np_ratio', np.zeros(len(times), np.float32), 'none'),
    ):
        _log(runlog, name, run, times, values, units)
    events = [b'CHANGE_PERIOD 1', b'START_COLLECTION PERIOD 1 GF 0 RF 0 GUAH 0.000000', b'BEGIN',
              f'STOP_COLLECTION PERIOD 1 GF {exposure.good_frames} RF {exposure.raw_frames} '
              f'GUAH {exposure.proton_charge:.6f} DUR {exposure.duration}'.encode(), b'END']
    when = np.array([0.0, 0.0, 0.0, exposure.duration, exposure.duration])
    width = max(map(len, events))
    _log(runlog, 'icp_event', run, when, np.array([[event.ljust(width)] for event in events]), ' ')
