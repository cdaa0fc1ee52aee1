"""The raw NeXus file of a run, laid out as the ISIS control program lays it out, as the bytes of an HDF5 file."""

from __future__ import annotations

import h5py
import numpy as np

from .logs_in_file import write_run_log, write_sample_logs
from .muon_detector import write_muon_detector
from .nexus_fields import array, group, number, set_attributes, text
from .run_record import MuonHistograms, Run
from .tof_detector import write_tof_detector

ICP_VERSION = 'beam simulator (no instrument was harmed)'


def raw_file(run: Run, rng: np.random.Generator) -> bytes:
    """The whole file, made in memory: on disk it appears the way the control system copies it."""
    with h5py.File(run.stem + '.nxs', 'w', driver='core', backing_store=False) as file:
        ended = run.exposure.end.isoformat(timespec='seconds')
        set_attributes(file, {'HDF5_Version': h5py.version.hdf5_version, 'NeXus_version': '4.3.0',
                              'file_name': f'c:\\data\\{run.stem}.nxs', 'file_time': f'{ended}+00:00'})
        entry = group(file, 'raw_data_1', 'NXentry')
        _write_entry(entry, run)
        _write_people_and_sample(entry, run)
        _write_periods(entry, run)
        instrument = group(entry, 'instrument', 'NXinstrument')
        text(instrument, 'name', run.instrument.name, short_name=run.instrument.short_name)
        source = group(instrument, 'source', 'NXsource')
        text(source, 'name', 'ISIS')
        text(source, 'probe', 'neutrons' if run.instrument.neutrons else 'positive muons')
        text(source, 'type', 'Pulsed Neutron Source' if run.instrument.neutrons else 'Pulsed Muon Source')
        write_sample_logs(entry, run, rng)
        total = int(run.histograms.counts.sum())
        if isinstance(run.histograms, MuonHistograms):
            write_muon_detector(entry, run)
            write_run_log(entry, run, total, total // 250, rng)
        else:
            write_tof_detector(entry, run)
            write_run_log(entry, run, total, int(run.histograms.monitors[0].counts.sum()), rng)
        file.flush()
        return file.id.get_file_image()


def _write_entry(entry: h5py.Group, run: Run) -> None:
    exposure, plan = run.exposure, run.plan
    name = 'TOFRAW' if run.instrument.neutrons else 'pulsedTD'
    version = '1.0' if run.instrument.neutrons else '2.0'
    text(entry, 'definition', name, version=version,
         url=f'http://definition.nexusformat.org/instruments/{name}?version={version}')
    if run.instrument.neutrons:
        text(entry, 'definition_local', 'ISISTOFRAW', version='1.0',
             url='http://svn.isis.rl.ac.uk/instruments/ISISTOFRAW?version=1.0')
    else:
        number(entry, 'IDF_version', 2)
    text(entry, 'beamline', run.instrument.name)
    text(entry, 'name', run.instrument.name, short_name=run.instrument.short_name)
    text(entry, 'title', plan.title)
    text(entry, 'notes', plan.notes)
    text(entry, 'experiment_identifier', plan.rb_number)
    number(entry, 'run_number', run.number)
    text(entry, 'run_cycle', run.cycle)
    text(entry, 'start_time', exposure.start.isoformat(timespec='seconds'), units='ISO8601')
    text(entry, 'end_time', exposure.end.isoformat(timespec='seconds'), units='ISO8601')
    number(entry, 'duration', exposure.duration, np.float32, units='second')
    number(entry, 'collection_time', exposure.duration, np.float32, units='second')
    number(entry, 'good_frames', exposure.good_frames)
    number(entry, 'raw_frames', exposure.raw_frames)
    number(entry, 'proton_charge', exposure.proton_charge, np.float32, units='uAh')
    number(entry, 'proton_charge_raw', exposure.proton_charge, np.float32, units='uAh')
    number(entry, 'total_counts', int(run.histograms.counts.sum()), np.uint64)
    number(entry, 'total_uncounted_counts', 0, np.int64)
    number(entry, 'monitor_events_not_saved', 0, np.int64)
    text(entry, 'program_name', 'ISISICP.EXE', version=ICP_VERSION)
    text(entry, 'script_name', ' ')
    text(entry, 'seci_config', f'{run.instrument.name.lower()}.conf')
    number(entry, 'measurement_first_run', 0)
    for field in ('measurement_id', 'measurement_label', 'measurement_subid', 'measurement_type'):
        text(entry, field, ' ')
    group(entry, 'framelog', 'NXcollection')


def _write_people_and_sample(entry: h5py.Group, run: Run) -> None:
    user = group(entry, 'user_1', 'NXuser')
    text(user, 'name', run.plan.users)
    text(user, 'affiliation', ' ')
    sample = group(entry, 'sample', 'NXsample')
    number(sample, 'distance', 0.0, np.float64)
    for field in ('height', 'thickness', 'width'):
        number(sample, field, 0.0, np.float32)
    text(sample, 'id', ' ')
    text(sample, 'name', run.plan.sample_name)
    text(sample, 'shape', ' ')
    text(sample, 'type', ' ')
    if not run.instrument.neutrons:
        number(sample, 'magnetic_field', run.plan.sample['field'], np.float32, units='Gauss')
        number(sample, 'temperature', run.plan.sample['temperature'], np.float32, units='Kelvin')


def _write_periods(entry: h5py.Group, run: Run) -> None:
    exposure = run.exposure
    periods = group(entry, 'periods', 'IXperiods')
    for field, value in (('number', 1), ('type', 1), ('sequences', 1), ('highest_used', 1), ('output', 0),
                         ('frames_requested', 0), ('good_frames', exposure.good_frames),
                         ('good_frames_daq', exposure.good_frames), ('raw_frames', exposure.raw_frames)):
        number(periods, field, value)
    text(periods, 'labels', 'Period 1')
    number(periods, 'proton_charge', exposure.proton_charge, np.float32, units='uAh')
    number(periods, 'proton_charge_raw', exposure.proton_charge, np.float32, units='uAh')
    array(periods, 'total_counts', [run.histograms.counts.sum() / 1e6], np.float32, units='Mev')
