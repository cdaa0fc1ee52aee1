"""From time of flight to focused patterns of d-spacing, with scipp and scippneutron."""

from dataclasses import dataclass

import numpy as np
import scipp as sc
from scippneutron.conversion.graph import beamline, tof

from raw_run import CannotReduce


@dataclass
class FocusedBank:
    """One bank of one run, over common edges of d-spacing."""

    counts: sc.DataArray
    seen: sc.DataArray  # detectors times angstrom: what each bin had the chance to count
    detectors: int
    beam: sc.Variable  # what made the counts: proton charge, monitor counts, or 1


def bank_of(run, bank, smallest, largest):
    """The spectra between two scattering angles, with their sign."""
    angle = run.detectors.coords['angle']
    wanted = (angle.values >= smallest) & (angle.values <= largest)
    if not wanted.any():
        raise CannotReduce(f'{run.stem} has no detector of the {bank} bank, from {smallest:g} to {largest:g} degrees: '
                           f'its own are from {angle.min().value:g} to {angle.max().value:g}. Change "bank angles".')
    return run.detectors[sc.array(dims=['spectrum'], values=wanted)]


def mask_spectra(bank, numbers, dead, noisier_than):
    """Masks spectra by their number and by what they counted. How many each mask hides, and how many are left."""
    counted, given = bank.sum('tof').values, np.isin(bank.coords['spectrum'].values, numbers)
    live = counted[(counted > 0) & ~given]
    masks = {
        'given': given,
        'dead': dead & (counted == 0) & ~given,
        'noisy': (counted > noisier_than * np.median(live)) & ~given if live.size else np.zeros_like(given),
    }
    for name, values in masks.items():
        bank.masks[name] = sc.array(dims=['spectrum'], values=values)
    hidden = {name: int(values.sum()) for name, values in masks.items()}
    return hidden, len(counted) - sum(hidden.values())


def mask_times(bank, times):
    """Masks the channels of time of flight that any of the intervals, in microseconds, touches."""
    edges = bank.coords['tof'].values
    hidden = np.zeros(len(edges) - 1, dtype=bool)
    for start, end in times:
        hidden |= (edges[1:] > start) & (edges[:-1] < end)
    bank.masks['times'] = sc.array(dims=['tof'], values=hidden)


def focus(bank, edges, detectors, beam):
    """Converts each spectrum to d-spacing by its own flight path and angle, and adds them up on common edges."""
    graph = {**beamline.beamline(scatter=True), **tof.elastic_dspacing('tof')}
    spectra = bank.to(dtype='float64')
    spectra = spectra.transform_coords('dspacing', graph=graph, keep_intermediate=False, keep_inputs=False)
    counts = spectra.rebin(dspacing=edges).sum('spectrum')
    counts.variances = counts.values
    reach = spectra.coords['dspacing']
    spectra.data = reach['dspacing', 1:] - reach['dspacing', :-1]
    # Rebinned as the counts are: what masks and the ends of the frame take away is missing from both alike.
    return FocusedBank(counts, spectra.rebin(dspacing=edges).sum('spectrum'), detectors, beam)


def intensity(parts, smallest_coverage):
    """
    Counts per detector, angstrom and unit of beam of one bank in all runs; not a number in bins that less than
    the given share of the detectors looked at.
    """
    counts, exposure = total(part.counts for part in parts), total(part.seen * part.beam for part in parts)
    edges = counts.coords['dspacing']
    possible = sum(part.detectors for part in parts) * (edges[1:] - edges[:-1])
    pattern = counts / exposure
    pattern.values[total(part.seen for part in parts).values <= smallest_coverage * possible.values] = np.nan
    return pattern


def total(parts):
    first, *others = parts
    return sum(others, first)


def smooth(pattern, bins):
    """The average of each bin and its neighbours; without errors, since those of a vanadium pattern are small."""
    known = np.isfinite(pattern.values)
    added = np.convolve(np.where(known, pattern.values, 0), np.ones(bins), 'same')
    number = np.convolve(known, np.ones(bins), 'same')
    values = np.divide(added, number, out=np.full(len(added), np.nan), where=known & (added > 0))
    return sc.DataArray(sc.array(dims=pattern.dims, values=values, unit=pattern.unit), coords=dict(pattern.coords))
