"""ENGINX: focuses its two banks from time of flight onto d-spacing, with scipp and scippneutron."""

import os
from dataclasses import dataclass

import numpy as np
import scipp as sc

import reduce_vars as web_var
from d_spacing import bank_of, focus, intensity, mask_spectra, mask_times, smooth
from pattern_output import draw, strongest_peaks, write_nexus, write_plotly
from raw_run import CannotReduce, read_run
from settings import NORMALISATIONS, read_settings


@dataclass
class FocusedRun:
    """What is kept of a run: a batch needs no more memory than its largest run."""

    stem: str
    title: str
    charge: float
    banks: dict


def beam_of(run, settings):
    """What made the counts of a run, in the units that intensity is given for."""
    if settings.normalise_by == 'none':
        return sc.scalar(1.0)
    if settings.normalise_by == 'proton charge':
        if not run.proton_charge.value > 0:
            raise CannotReduce(f'{run.stem} has no proton charge to normalise by. Try another "normalise by".')
        return run.proton_charge
    if not run.monitors.get(settings.monitor):
        present = ', '.join(f'{name} ({counts:,.0f} counts)' for name, counts in sorted(run.monitors.items()))
        raise CannotReduce(f'{run.stem} has no counts in monitor {settings.monitor}; the file has '
                           f'{present or "no monitor"}. Change "monitor", or "normalise by".')
    return sc.scalar(run.monitors[settings.monitor] / 1e6)


def focus_run(path, settings):
    run = read_run(path, settings.instrument, settings.primary_path)
    beam, banks = beam_of(run, settings), {}
    for name, angles in settings.banks.items():
        bank = bank_of(run, name, *angles)
        hidden, left = mask_spectra(bank, settings.masked_spectra, settings.mask_dead, settings.noisier_than)
        reasons = ', '.join(f'{number} {why}' for why, number in hidden.items() if number)
        if left == 0:
            raise CannotReduce(f'Nothing is left of the {name} bank of {run.stem}: it is masked ({reasons}).')
        mask_times(bank, settings.masked_times)
        banks[name] = focus(bank, settings.edges, left, beam)
        counts = banks[name].counts.sum().value
        print(f'  {name} bank: {left} of {bank.sizes["spectrum"]} detectors, {counts:,.0f} counts'
              + (f'; masked: {reasons}' if reasons else ''))
    return FocusedRun(run.stem, run.title, run.proton_charge.value, banks)


def pattern_of(bank, runs, vanadium, settings):
    pattern = intensity([run.banks[bank] for run in runs], settings.smallest_coverage)
    if vanadium:
        shape = intensity([vanadium.banks[bank]], settings.smallest_coverage)
        pattern = pattern / smooth(shape, settings.smoothing)
    if not np.isfinite(pattern.values).any():
        low, high = settings.edges.values[0], settings.edges.values[-1]
        raise CannotReduce(f'The {bank} bank of {runs[0].stem} sees nothing from {low:g} to {high:g} angstrom. '
                           'Change "d range" or "smallest coverage".')
    return pattern


def main(input_file, output_dir):
    paths = input_file if isinstance(input_file, list) else [input_file]
    settings = read_settings(web_var.standard_vars, web_var.advanced_vars)
    words, unit = NORMALISATIONS[settings.normalise_by]
    runs, vanadium = [focus_run(path, settings) for path in paths], None
    if settings.vanadium_run is not None:
        path = os.path.join(os.path.dirname(paths[0]), f'{settings.instrument}{settings.vanadium_run:08d}.nxs')
        if not os.path.isfile(path):
            raise CannotReduce(f'The vanadium is not beside the run: there is no {path}. Change "vanadium_run".')
        vanadium = focus_run(path, settings)
        words, unit = f'ratio to vanadium {settings.vanadium_run}', ''

    patterns = {}
    for bank in settings.banks:
        pattern = pattern_of(bank, runs, vanadium, settings)
        peaks = strongest_peaks(pattern)
        print(f'  {bank} bank: peaks at d = {", ".join(f"{peak:.4f}" for peak in peaks)} angstrom' if peaks
              else f'  {bank} bank: no peak stands out')
        patterns[f'{bank} bank'] = pattern, peaks if settings.label_peaks else []

    stem, label = runs[0].stem, f'Intensity, {words}'
    heading, charge = f'{stem}  {runs[0].title}', f'{sum(run.charge for run in runs):.2f} \u00b5A\u00b7h'
    if len(runs) > 1:
        heading, charge = f'{stem} to {runs[-1].stem}  {runs[0].title}', f'{charge} in {len(runs)} runs'
    write_nexus(output_dir + stem + '_focused.nxs', runs[0].title, patterns, label, unit)
    draw(output_dir + stem + '_focused.png', heading, charge, patterns, label)
    write_plotly(output_dir + stem + '_focused.json', f'{heading}, {charge}', patterns, label)
    print('Wrote', stem + '_focused.nxs and its figures')
