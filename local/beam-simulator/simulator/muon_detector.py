"""Histograms of a muon v2 file (`pulsedTD`): positron counts, their times, groups and dead times."""

from __future__ import annotations

import h5py
import numpy as np

from .nexus_fields import array, group, link, number, text
from .run_record import MuonHistograms, Run

LINKED = ('counts', 'raw_time', 'corrected_time', 'time_zero', 'dead_time', 'grouping', 'alpha', 'spectrum_index',
          'period_index')


def write_muon_detector(entry: h5py.Group, run: Run) -> None:
    histograms: MuonHistograms = run.histograms
    instrument = entry['instrument']
    dae = group(instrument, 'dae', 'IXdae')
    text(dae, 'type', 'ISIS_DAE2')
    for table in ('detector', 'spectra', 'wiring'):
        text(dae, f'{table}_table_file', f'C:\\Instrument\\tables\\{run.instrument.name.lower()}_{table}.dat')
    edges, detectors = histograms.raw_time_edges, len(histograms.counts)
    width = float(edges[1] - edges[0])

    detector = group(instrument, 'detector_1', 'NXdetector')
    array(detector, 'counts', histograms.counts[None], np.int32, axes='period_index,spectrum_index,raw_time', signal=1,
          long_name='positron_counts', units='counts', first_good_bin=np.int32(histograms.first_good_bin),
          last_good_bin=np.int32(histograms.last_good_bin), t0_bin=np.int32(histograms.time_zero / width),
          offset=np.float32(width * 500_000))
    array(detector, 'raw_time', edges, np.float32, axis=1, primary=1, units='microsecond')
    middle = (edges[1:] + edges[:-1]) / 2 - histograms.time_zero
    array(detector, 'corrected_time', middle, np.float32, axis=1, units='microseconds')
    number(detector, 'resolution', round(width * 1e6), units='picoseconds')
    number(detector, 'time_zero', histograms.time_zero, np.float32, available=1, units='microseconds')
    array(detector, 'dead_time', histograms.dead_time, np.float32, available=1, units='microseconds')
    array(detector, 'grouping', histograms.grouping, np.int32, available=1, primary=1)
    number(detector, 'alpha', 1.0, np.float32, available=0)
    array(detector, 'spectrum_index', np.arange(1, detectors + 1), np.int32)
    number(detector, 'period_index', 1)
    text(detector, 'orientation', histograms.orientation)
    array(detector, 'polar_angle', np.where(histograms.grouping == 1, 0.0, 180.0), np.float32, units='degree')
    array(detector, 'azimuthal_angle', np.zeros(detectors), np.float32, units='degree')
    number(detector, 'source_detector_distance', 0.0, np.float32)

    data = group(entry, 'detector_1', 'NXdata')
    for name in LINKED:
        link(data, name, detector[name])
