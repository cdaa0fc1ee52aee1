"""MUSR: forward-backward asymmetry of the muon decay, and a fit of how it relaxes."""

import os

import h5py
import numpy as np

import reduce_vars as web_var
from asymmetry_output import draw, write_nexus
from relaxation import MODELS, fit


def text_of(dataset):
    return dataset[0].decode('latin-1').strip()


def read_run(path):
    with h5py.File(path, 'r') as file:
        entry = file['raw_data_1']
        detector = entry['instrument/detector_1']
        run = {
            'title': text_of(entry['title']), 'frames': int(entry['good_frames'][0]),
            'field': float(entry['sample/magnetic_field'][0]), 'temperature': float(entry['sample/temperature'][0]),
            'counts': detector['counts'][()].sum(axis=0).astype(float), 'groups': detector['grouping'][()],
            'edges': detector['raw_time'][()] - detector['time_zero'][0], 'dead': detector['dead_time'][()],
        }
    if web_var.standard_vars['dead time correction']:
        busy = run['dead'][:, None] / (np.diff(run['edges']) * max(run['frames'], 1))
        run['counts'] = run['counts'] / (1 - run['counts'] * busy)
    run['counts'][[number - 1 for number in web_var.advanced_vars['exclude detectors']]] = 0
    print(f"{os.path.basename(path)}: {run['title']}, {run['counts'].sum() / 1e6:.2f} Mev in {run['frames']} frames")
    return run


def counts_of_group(run, group, edges):
    counts = run['counts'][run['groups'] == group].sum(axis=0)
    return np.diff(np.interp(edges, run['edges'], np.concatenate([[0], np.cumsum(counts)])))


def asymmetry(runs):
    """Time, asymmetry and error in bins of the width asked for, and the alpha that balanced them."""
    first, last = float(web_var.standard_vars['first good time']), float(web_var.standard_vars['last good time'])
    edges = np.arange(first, min(last, runs[0]['edges'][-1]), float(web_var.standard_vars['bin-width']))
    forward = sum(counts_of_group(run, web_var.advanced_vars['forward group'], edges) for run in runs)
    backward = sum(counts_of_group(run, web_var.advanced_vars['backward group'], edges) for run in runs)
    alpha = web_var.standard_vars['alpha']
    if alpha is None:
        alpha = web_var.advanced_vars['alpha without field']
        if abs(runs[0]['field']) > 5:
            alpha = forward.sum() / backward.sum()
    total = np.maximum(forward + alpha * backward, 1)
    a = (forward - alpha * backward) / total
    error = 2 * alpha * np.sqrt(np.maximum(forward * backward * (forward + backward), 1)) / total**2
    print(f'  alpha = {alpha:.4f}, {len(a)} bins of {edges[1] - edges[0]:.3f} microseconds')
    return (edges[1:] + edges[:-1]) / 2, a, error


def fitted(run, t, a, error):
    """Name of the model, its parameters as (name, unit, value, error), chi squared, and its line."""
    model = web_var.standard_vars['fit']
    if model == 'auto':
        model = 'rotation' if abs(run['field']) > 5 else 'exponential'
    if model not in MODELS:
        return None
    start = [web_var.advanced_vars['start values'][name] for name in ('asymmetry', 'rate', 'baseline')]
    names, function = MODELS[model]
    values, errors, chi = fit(model, t, a, error, start + ([run['field'], 0.0] if model == 'rotation' else []))
    parameters = [(name, unit, value, sigma) for (name, unit), value, sigma in zip(names, values, errors)]
    for name, unit, value, sigma in parameters:
        print(f'  {name:9s} = {value:9.4f} +- {sigma:.4f} {unit}')
    print(f'  {model}, chi squared {chi:.2f}')
    return model, parameters, chi, function(t, *values)


def main(input_file, output_dir):
    paths = input_file if isinstance(input_file, list) else [input_file]
    stem = os.path.splitext(os.path.basename(paths[0]))[0]
    runs = [read_run(path) for path in paths]
    t, a, error = asymmetry(runs)
    found = fitted(runs[0], t, a, error)
    write_nexus(output_dir + stem + '_asymmetry.nxs', runs[0]['title'], t, a, error, found)
    draw(output_dir + stem + '_asymmetry', f"{stem}  {runs[0]['title']}", t, a, error, found,
         web_var.advanced_vars['fitted line'])
    print('Wrote', stem + '_asymmetry.nxs and its figures')
