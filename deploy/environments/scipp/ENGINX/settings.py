"""The variables of a reduction, checked before anything is read: a wrong one is named, with what was expected."""

from dataclasses import dataclass

import numpy as np
import scipp as sc

from raw_run import CannotReduce

# by what the counts of a run are divided: in words for figures, and as a unit for the NeXus file
NORMALISATIONS = {
    'proton charge': ('counts/(\u00b5A\u00b7h \u00c5) per detector', 'counts/(uA.hour.angstrom)'),
    'monitor': ('counts/(10\u2076 monitor counts \u00c5) per detector', 'counts/angstrom'),
    'none': ('counts/\u00c5 per detector', 'counts/angstrom'),
}


@dataclass(frozen=True)
class Settings:
    banks: dict  # name: smallest and largest scattering angle in degrees, with their sign
    edges: sc.Variable  # of the bins of d-spacing
    normalise_by: str
    vanadium_run: object  # a run number, or None
    masked_spectra: list
    label_peaks: bool
    instrument: str
    primary_path: float  # metres; for files that do not say theirs
    mask_dead: bool
    noisier_than: float  # infinite: nothing is too noisy
    masked_times: list  # of (from, to) in microseconds
    smallest_coverage: float
    monitor: int
    smoothing: int


def read_settings(standard, advanced):
    normalise_by = standard['normalise by']
    if normalise_by not in NORMALISATIONS:
        raise CannotReduce('"normalise by" must be one of: ' + ', '.join(NORMALISATIONS) + '.')
    vanadium, noisier_than = standard['vanadium_run'], advanced['mask noisier than']
    return Settings(
        banks=banks(standard['banks'], advanced['bank angles']),
        edges=edges(pair('d range', standard['d range']), number('bin width', standard['bin width'], 1e-5, 0.1)),
        normalise_by=normalise_by,
        vanadium_run=None if vanadium is None else int(number('vanadium_run', vanadium, 1, 1e8)),
        masked_spectra=spectra(standard['mask spectra']),
        label_peaks=bool(standard['label peaks']),
        instrument=str(advanced['instrument']),
        primary_path=number('L1', advanced['L1'], 1e-3, 1e3),
        mask_dead=bool(advanced['mask dead detectors']),
        noisier_than=np.inf if noisier_than is None else number('mask noisier than', noisier_than, 1, 1e9),
        masked_times=[pair('mask tof', times) for times in advanced['mask tof'] or []],
        smallest_coverage=number('smallest coverage', advanced['smallest coverage'], 0, 1),
        monitor=int(number('monitor', advanced['monitor'], 1, 1000)),
        smoothing=int(number('smoothing-of-vanadium', advanced['smoothing-of-vanadium'], 1, 1e5)),
    )


def number(name, value, least, most):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise CannotReduce(f'"{name}" must be a number from {least:g} to {most:g}, not {value!r}.')
    return float(value)


def pair(name, value):
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise CannotReduce(f'"{name}" wants two numbers, smallest and largest, not {value!r}.')
    smallest, largest = (number(name, one, -1e9, 1e9) for one in value)
    if smallest >= largest:
        raise CannotReduce(f'"{name}" wants the smaller number first, not {value!r}.')
    return smallest, largest


def banks(names, angles):
    names = [names] if isinstance(names, str) else list(names or [])
    unknown = [str(name) for name in names if name not in angles]
    if unknown or not names:
        raise CannotReduce(f'"banks" must name one or more of: {", ".join(angles)}' +
                           (f'; {", ".join(unknown)} is none of them.' if unknown else '.'))
    return {name: pair('bank angles', angles[name]) for name in names}


def edges(limits, step):
    """Each bin is the same fraction wider than the one before."""
    if limits[0] <= 0 or np.log(limits[1] / limits[0]) < step:
        raise CannotReduce('"d range" must begin above 0 angstrom and be wider than one "bin width".')
    values = np.exp(np.arange(np.log(limits[0]), np.log(limits[1]) + step / 2, step))
    return sc.array(dims=['dspacing'], values=values, unit='angstrom')


def spectra(given):
    """17 and [230, 240] are the spectrum 17 and those from 230 to 240."""
    ranges = [one if isinstance(one, (list, tuple)) else [one, one] for one in given or []]
    for one in ranges:
        if len(one) != 2 or any(isinstance(end, bool) or not isinstance(end, int) for end in one) or one[0] > one[1]:
            raise CannotReduce(f'"mask spectra" wants spectrum numbers, or pairs of first and last, not {one!r}.')
    return [spectrum for first, last in ranges for spectrum in range(first, last + 1)]
