"""Histograms, monitors, geometry and the old VMS tables of a TOFRAW file."""

from __future__ import annotations

import h5py
import numpy as np

from .nexus_fields import array, group, link, number, text
from .run_record import Run, TofHistograms

AXES = 'period_index,spectrum_index,time_of_flight'
CLOCK_MHZ = 32


def write_tof_detector(entry: h5py.Group, run: Run) -> None:
    histograms: TofHistograms = run.histograms
    instrument = entry['instrument']
    number(group(instrument, 'moderator', 'NXmoderator'), 'distance', -0.0, np.float32, units='metre')
    dae = group(instrument, 'dae', 'IXdae')
    for table in ('detector', 'spectra', 'wiring'):
        text(dae, f'{table}_table_file', f'C:\\Instrument\\tables\\{run.instrument.name.lower()}_{table}.dat')
    number(dae, 'period_index', 1)
    channels = group(dae, 'time_channels_1', 'IXtime_channels')
    edges = array(channels, 'time_of_flight', histograms.tof_edges, np.float32, axis=1, primary=1, units='microsecond')
    pulses = np.rint(histograms.tof_edges * CLOCK_MHZ)
    array(channels, 'time_of_flight_raw', pulses, np.int32, frequency='32 MHz', units='pulses')

    detector = group(instrument, 'detector_1', 'NXdetector')
    counts = array(detector, 'counts', histograms.counts[None], np.int32, axes=AXES, signal=1, units='counts')
    spectra = array(detector, 'spectrum_index', histograms.spectra, np.int32)
    array(detector, 'polar_angle', histograms.two_theta, np.float32, units='degree')  # with its sign, as in real files
    array(detector, 'azimuthal_angle', histograms.azimuth, np.float32, units='degree')
    array(detector, 'distance', histograms.secondary_path, np.float32, units='metre')
    array(detector, 'delt', np.zeros(len(histograms.spectra)), np.float32)
    number(detector, 'source_detector_distance', 0.0, np.float32)
    data = group(entry, 'detector_1', 'NXdata')
    for name, target in (('counts', counts), ('spectrum_index', spectra), ('time_of_flight', edges),
                         ('period_index', dae['period_index'])):
        link(data, name, target)

    for index, monitor in enumerate(histograms.monitors, start=1):
        made = group(entry, f'monitor_{index}', 'NXmonitor')
        array(made, 'data', monitor.counts[None, None], np.int32, axes=AXES, signal=1, units='counts')
        number(made, 'monitor_number', index)
        number(made, 'spectrum_index', monitor.spectrum)
        made['time_of_flight'] = edges
        made['period_index'] = dae['period_index']
    _write_vms_tables(entry, run, histograms)


def _write_vms_tables(entry: h5py.Group, run: Run, histograms: TofHistograms) -> None:
    """`isis_vms_compat`: one row a detector, monitors first, `SPEC` naming the spectrum each one counts into."""
    vms = group(entry, 'isis_vms_compat', 'IXvms')
    plan, exposure, monitors = run.plan, run.exposure, histograms.monitors
    rows = len(monitors) + len(histograms.spectra)
    of_monitors = len(monitors)
    array(vms, 'SPEC', [*(m.spectrum for m in monitors), *histograms.spectra], np.int32)
    array(vms, 'UDET', [*range(1, of_monitors + 1), *histograms.detectors], np.int32)
    array(vms, 'TTHE', [*[180.0] * of_monitors, *histograms.two_theta], np.float32)
    array(vms, 'LEN2', [*(m.distance for m in monitors), *histograms.secondary_path], np.float32)
    for table, value, kind in (('DELT', 0, np.float32), ('CODE', 100, np.int32), ('CRAT', 1, np.int32),
                               ('MODN', 0, np.int32), ('TIMR', 1, np.int32)):
        array(vms, table, np.full(rows, value), kind)
    array(vms, 'MPOS', np.arange(rows), np.int32)
    array(vms, 'MDET', np.arange(1, of_monitors + 1), np.int32)
    array(vms, 'MONP', np.ones(of_monitors), np.int32)
    for table, value in (('NDET', rows), ('NMON', of_monitors), ('NPER', 1), ('NTRG', 1), ('NUSE', 0), ('PRE1', 1),
                         ('NSP1', rows), ('NTC1', len(histograms.tof_edges) - 1), ('RUN', run.number), ('FORM', 0),
                         *((f'VER{n}', 2) for n in range(1, 10))):
        number(vms, table, value)
    array(vms, 'PMAP', np.ones(256), np.int32)
    real = np.zeros(32, np.float32)
    real[7:9] = exposure.proton_charge
    whole = np.zeros(32, np.int32)
    whole[0:2] = exposure.duration, 1
    array(vms, 'RRPB', real)
    array(vms, 'IRPB', whole)
    text(vms, 'NAME', run.instrument.name.ljust(8))
    text(vms, 'TITL', plan.title[:80].ljust(80))
    text(vms, 'USER', plan.users[:20].ljust(160))
    text(vms, 'NOTE', ' No notes were made')
    began = exposure.start.strftime('%d-%b-%Y %H:%M:%S').upper()
    text(vms, 'HDR', f'{run.instrument.short_name}{run.number % 100000:05d}{plan.users[:20]:20s}{plan.title[:24]:24s}'
                     f'{began}{exposure.proton_charge:8.2f}')
