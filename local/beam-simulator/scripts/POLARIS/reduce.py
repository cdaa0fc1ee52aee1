"""POLARIS: focuses its banks, each over the d-spacings it sees."""

import os

import numpy as np

import reduce_vars as web_var
from focused_output import draw, write_nexus, write_plotly
from focusing import TOF_PER_ANGSTROM_METRE, focus, per_beam, read_run, strongest_peaks

# peaks nearer than this fraction of their d-spacing are one peak to the forward banks
APART = {1: 0.12, 2: 0.06, 3: 0.03}


def of_bank(run, bank):
    smallest, largest = web_var.advanced_vars['bank angles'][str(bank)]
    return (run['angle'] >= smallest) & (run['angle'] <= largest)


def edges_of_bank(run, bank, primary_path):
    """Logarithmic edges over all that the bank's detectors see, within the limits asked for."""
    rows = of_bank(run, bank)
    reach = TOF_PER_ANGSTROM_METRE * (primary_path + run['path'][rows]) * 2 * np.sin(np.radians(run['angle'][rows]) / 2)
    low = max(run['edges'][0] / reach.max(), float(web_var.standard_vars['d-min']))
    high = min(run['edges'][-1] / reach.min(), float(web_var.standard_vars['d-max'] or np.inf))
    if low >= high:
        raise ValueError(f'Bank {bank} sees nothing between d-min and d-max.')
    return np.exp(np.arange(np.log(low), np.log(high), float(web_var.standard_vars['bin width'])))


def focus_bank(runs, bank, edges, primary_path):
    focused = [focus(run, of_bank(run, bank), edges, primary_path) for run in runs]
    counts = sum(counts for counts, _ in focused)
    by_monitor = web_var.standard_vars['normalise by monitor']
    beam = sum(run['monitor'] / 1e6 if by_monitor else run['charge'] for run in runs)
    print(f'  bank {bank}: {of_bank(runs[0], bank).sum()} spectra, {counts.sum():,.0f} counts, '
          f'd from {edges[0]:.2f} to {edges[-1]:.2f} angstrom')
    return per_beam(counts, focused[0][1], edges, beam, float(web_var.advanced_vars['smallest coverage']))


def main(input_file, output_dir):
    paths = input_file if isinstance(input_file, list) else [input_file]
    stem = os.path.splitext(os.path.basename(paths[0]))[0]
    primary_path = float(web_var.advanced_vars['L1'])
    runs = [read_run(path) for path in paths]
    vanadium = web_var.standard_vars['vanadium_run']
    if vanadium:
        vanadium = read_run(os.path.join(os.path.dirname(paths[0]), f'POLARIS{int(vanadium):08d}.nxs'))

    patterns = {}
    for bank in web_var.standard_vars['banks']:
        edges = edges_of_bank(runs[0], bank, primary_path)
        intensity, error = focus_bank(runs, bank, edges, primary_path)
        if vanadium:
            shape, _ = focus_bank([vanadium], bank, edges, primary_path)
            width = int(web_var.advanced_vars['smoothing-of-vanadium'])
            shape = np.convolve(np.nan_to_num(shape, nan=np.nanmean(shape)), np.ones(width) / width, 'same')
            intensity, error = intensity / shape, error / shape
        patterns[f'bank {bank}'] = edges, intensity, error, strongest_peaks(edges, intensity, 8, APART.get(bank, 0.02))
        print('    peaks at d =', ', '.join(f'{peak:.3f}' for peak in patterns[f'bank {bank}'][3]), 'angstrom')

    label = 'Intensity, counts/(\u00b5A\u00b7h \u00c5)'
    if web_var.standard_vars['normalise by monitor']:
        label = 'Intensity, counts/(10\u2076 monitor counts \u00c5)'
    if vanadium:
        label = 'Intensity, ratio to vanadium'
    title = f"{stem}  {web_var.standard_vars['sample'] or runs[0]['title']}"
    logarithmic = bool(web_var.advanced_vars['log axis'])
    write_nexus(output_dir + stem + '_focused.nxs', runs[0]['title'], patterns, label)
    draw(output_dir + stem + '_focused.png', title, patterns, label, logarithmic)
    write_plotly(output_dir + stem + '_focused.json', title, patterns, label, logarithmic)
    print('Wrote', stem + '_focused.nxs and its figures')
