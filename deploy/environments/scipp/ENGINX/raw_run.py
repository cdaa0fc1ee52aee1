"""Reads a raw ISIS NeXus file into scipp: histograms of time of flight, and where their detectors are.

What cannot be focused is refused in a sentence that says what the file is, and what to do.
"""

import os
from dataclasses import dataclass

import numpy as np
import scipp as sc
import scippnexus as snx


class CannotReduce(ValueError):
    """The file or a variable is not fit for this reduction; the message is for whoever started it."""


@dataclass
class RawRun:
    stem: str
    title: str
    proton_charge: sc.Variable
    monitors: dict  # number of the monitor: its counts
    # dimensions spectrum and tof; coordinates spectrum, tof, two_theta, L1, L2, and angle, which has a sign
    detectors: sc.DataArray


def read_run(path, instrument, primary_path):
    """All detectors of a run of the instrument. `primary_path`, in metres, is for files that do not say theirs."""
    stem = os.path.splitext(os.path.basename(path))[0]
    try:
        file = snx.File(path)
    except OSError as cause:
        raise CannotReduce(f'{stem} cannot be read as a NeXus file (HDF5): {cause}. Is it of an older format, or '
                           'not yet copied to its end?') from cause
    with file:
        if 'raw_data_1' not in file:
            raise CannotReduce(f'{stem} is no raw file of ISIS: it has no entry raw_data_1.')
        entry = file['raw_data_1']
        refuse_others(stem, entry, instrument)
        none = sc.scalar(0.0, unit='uA*hour')
        charge = quantity(entry['proton_charge'], 'uA*hour') if 'proton_charge' in entry else none
        print(f'{stem}: {text(entry, "title")}, {charge.value:.2f} uAh')
        counts = read_counts(stem, entry)
        spectra = counts.coords['spectrum'].values
        angle, secondary_path = geometry(stem, entry, spectra)
        counts.coords['angle'] = sc.array(dims=['spectrum'], values=angle, unit='deg')
        counts.coords['two_theta'] = sc.array(dims=['spectrum'], values=np.radians(abs(angle)), unit='rad')
        counts.coords['L2'] = sc.array(dims=['spectrum'], values=secondary_path, unit='m')
        counts.coords['L1'] = sc.scalar(primary_path_of(entry, primary_path), unit='m')
        return RawRun(stem, text(entry, 'title'), charge, monitors(entry), counts)


def text(entry, name):
    return str(entry[name][()]).strip() if name in entry else ''


def quantity(field, unit):
    """A number or an array in the unit, which is also what a file means that names none, or one that nobody knows."""
    read = field[()]
    if not isinstance(read, sc.Variable):
        return sc.scalar(float(read), unit=unit)
    if read.unit is None or read.unit == sc.units.one:
        read.unit = unit
    return read.to(unit=unit, dtype='float64')


def refuse_others(stem, entry, instrument):
    """Geometry and banks are those of one instrument: another's file would silently give wrong d-spacings."""
    definition, name = text(entry, 'definition'), text(entry, 'name') or text(entry, 'beamline')
    if definition == 'pulsedTD':
        raise CannotReduce(f'{stem} is a muon run of {name}. This script focuses neutron diffraction.')
    if name.upper() != instrument.upper():
        raise CannotReduce(f'{stem} is a run of {name or "an instrument it does not name"}; this script is set up for '
                           f'{instrument}. Another diffractometer needs its own "instrument", "L1", "bank angles" and '
                           '"banks".')


def read_counts(stem, entry):
    """Counts of each spectrum, all periods together."""
    if 'detector_1' not in entry:
        kinds = sorted(name for name in entry if name.startswith('detector'))
        raise CannotReduce(f'{stem} has no histograms of detectors (detector_1)' + (
            f', only {", ".join(kinds)}: it may hold events, which this script does not read.' if kinds else '.'))
    counts = entry['detector_1'][()]
    wanted = {'period_index', 'spectrum_index', 'time_of_flight'}
    if not isinstance(counts, sc.DataArray) or set(counts.dims) != wanted or not wanted <= set(counts.coords):
        raise CannotReduce(f'{stem} has a detector_1 that is not counts by period, spectrum and time of flight.')
    if counts.sizes['period_index'] > 1:
        print(f'  {counts.sizes["period_index"]} periods, taken together')
    counts = counts.sum('period_index').rename(spectrum_index='spectrum', time_of_flight='tof')
    counts.unit = 'counts'
    counts.coords['tof'] = quantity(entry['detector_1']['time_of_flight'], 'us').rename(time_of_flight='tof')
    return counts


def geometry(stem, entry, spectra):
    """Signed scattering angle in degrees and metres from the sample: NXdetector's, else those of the VMS tables."""
    try:
        detector = entry['instrument/detector_1']
        return quantity(detector['polar_angle'], 'deg').values, quantity(detector['distance'], 'm').values
    except KeyError:
        pass
    try:
        tables = {name: np.asarray(entry['isis_vms_compat'][name][()].values) for name in ('SPEC', 'TTHE', 'LEN2')}
    except KeyError as cause:
        raise CannotReduce(f'{stem} does not say where its detectors are: instrument/detector_1 has no polar_angle and '
                           'distance, nor has isis_vms_compat TTHE and LEN2.') from cause
    print('  geometry of the tables isis_vms_compat')
    # A row for each detector: where several count into one spectrum, that lies in the middle of them.
    rows = tables['SPEC']
    number = np.bincount(rows, minlength=spectra.max() + 1)[spectra]
    if (number == 0).any():
        raise CannotReduce(f'{stem} does not say where spectrum {spectra[number == 0][0]} is: the VMS tables do not.')
    return tuple(np.bincount(rows, tables[name], spectra.max() + 1)[spectra] / number for name in ('TTHE', 'LEN2'))


def primary_path_of(entry, otherwise):
    told = 'instrument/moderator/distance'
    distance = abs(quantity(entry[told], 'm').value) if told in entry else 0
    if distance > 0:
        return distance
    print(f'  the file does not say how far the moderator is: L1 = {otherwise:g} m is taken from the variables')
    return otherwise


def monitors(entry):
    """Counts of each monitor by its number."""
    names = [name for name in entry if name.startswith('monitor_') and name[8:].isdigit()]
    return {int(name[8:]): float(entry[name]['data'][()].sum().value) for name in names if 'data' in entry[name]}
