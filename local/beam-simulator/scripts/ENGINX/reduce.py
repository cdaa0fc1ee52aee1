"""ENGINX: focuses the two banks onto d-spacing, normalised to the beam that made them."""

import os

import numpy as np

import reduce_vars as web_var
from focused_output import draw, write_nexus, write_plotly
from focusing import focus, per_beam, read_run, strongest_peaks, without_background

BEAM = {
    'proton charge': (lambda run: run['charge'], 'counts/(\u00b5A\u00b7h \u00c5)'),
    'monitor': (lambda run: run['monitor'] / 1e6, 'counts/(10\u2076 monitor counts \u00c5)'),
    'none': (lambda run: 1.0, 'counts/\u00c5'),
}


def of_bank(run, bank):
    """The spectra of a bank: north scatters to positive angles, south to negative ones."""
    signed = run['angle'] if bank == 'north' else -run['angle']
    return (signed > 60) & (signed < 120) & ~np.isin(run['spectra'], web_var.advanced_vars['skip spectra'])


def focus_bank(runs, bank, edges):
    """Intensity and error of one bank, all runs together."""
    beam, _ = BEAM[web_var.standard_vars['normalise by']]
    focused = [focus(run, of_bank(run, bank), edges, float(web_var.advanced_vars['L1'])) for run in runs]
    counts = sum(counts for counts, _ in focused)
    print(f'  {bank} bank: {of_bank(runs[0], bank).sum()} spectra, {counts.sum():,.0f} counts')
    return per_beam(counts, focused[0][1], edges, sum(beam(run) for run in runs))


def main(input_file, output_dir):
    paths = input_file if isinstance(input_file, list) else [input_file]
    stem = os.path.splitext(os.path.basename(paths[0]))[0]
    if web_var.standard_vars['normalise by'] not in BEAM:
        raise ValueError('"normalise by" must be one of: ' + ', '.join(BEAM))
    low, high = web_var.standard_vars['d range']
    edges = np.exp(np.arange(np.log(low), np.log(high), float(web_var.standard_vars['bin-width'])))
    runs = [read_run(path) for path in paths]
    label = 'Intensity, ' + BEAM[web_var.standard_vars['normalise by']][1]
    vanadium = web_var.standard_vars['vanadium_run']
    if vanadium:
        vanadium = read_run(os.path.join(os.path.dirname(paths[0]), f'ENGINX{int(vanadium):08d}.nxs'))
        label = 'Intensity, ratio to vanadium'

    patterns = {}
    for bank in web_var.standard_vars['banks']:
        intensity, error = focus_bank(runs, bank, edges)
        if vanadium:
            shape, _ = focus_bank([vanadium], bank, edges)
            shape = np.convolve(np.nan_to_num(shape, nan=np.nanmean(shape)), np.ones(61) / 61, 'same')
            intensity, error = intensity / shape, error / shape
        if web_var.standard_vars['subtract-background']:
            intensity = without_background(intensity, int(web_var.advanced_vars['background passes']))
        peaks = strongest_peaks(edges, intensity)
        print('  peaks at d =', ', '.join(f'{peak:.4f}' for peak in peaks), 'angstrom')
        patterns[f'{bank} bank'] = edges, intensity, error, peaks if web_var.advanced_vars['label peaks'] else []

    title = f"{stem}  {runs[0]['title']}"
    write_nexus(output_dir + stem + '_reduced.nxs', runs[0]['title'], patterns, label)
    draw(output_dir + stem + '_dspacing.png', title, patterns, label)
    write_plotly(output_dir + stem + '_dspacing.json', title, patterns, label)
    print('Wrote', stem + '_reduced.nxs and its figures')
