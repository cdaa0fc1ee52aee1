"""INTER: reflectivity against Q of one run, or of several angles merged."""

import json
import os

import h5py
import matplotlib
import numpy as np

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

import reduce_vars as web_var  # noqa: E402

METRE_ANGSTROM_PER_MICROSECOND = 3.95603e-3
PLOTS = {'R': (0, 'Reflectivity R'), 'RQ4': (4, 'R Q\u2074 (\u00c5\u207b\u2074)')}


def rebin(edges, counts, wanted):
    return np.diff(np.interp(wanted, edges, np.concatenate([[0], np.cumsum(counts)])))


def reflectivity(path, edges_of):
    """R and its error on the Q edges that `edges_of(theta)` gives for the run's angle."""
    settings, paths = web_var.advanced_vars, web_var.advanced_vars['flight paths']
    with h5py.File(path, 'r') as file:
        entry = file['raw_data_1']
        theta = web_var.standard_vars['theta'] or float(entry['selog/Theta/value_log/value'][-1])
        spectra = list(entry['detector_1/spectrum_index'][()])
        tof = entry['detector_1/time_of_flight'][()].astype(float)
        counts = entry['detector_1/counts'][()].sum(axis=0)
        monitor = entry[f"monitor_{settings['I0 monitor']}/data"][()].sum(axis=(0, 1))
        title = entry['title'][0].decode('latin-1').strip()
        charge = float(entry['proton_charge'][0])
    q_edges = edges_of(theta)
    wavelengths = (4 * np.pi * np.sin(np.radians(theta)) / q_edges)[::-1]
    beam_path = paths['moderator to monitor'][settings['I0 monitor'] - 1]
    beam = rebin(METRE_ANGSTROM_PER_MICROSECOND * tof / beam_path, monitor, wavelengths)
    of_detector = METRE_ANGSTROM_PER_MICROSECOND * tof / paths['moderator to detector']
    seen = rebin(of_detector, counts[spectra.index(settings['point detector'])], wavelengths)
    variance = np.maximum(seen, 1)
    if web_var.standard_vars['subtract-background']:
        beside = rebin(of_detector, counts[spectra.index(settings['background detector'])], wavelengths)
        seen, variance = seen - beside, variance + beside
    print(f'{os.path.basename(path)}: {title}, {charge:.2f} uAh, theta = {theta:.3f} degrees, {seen.sum():,.0f} counts')
    scale = float(settings['efficiency']) * np.where(beam > 0, beam, np.nan)
    return q_edges, (seen / scale)[::-1], (np.sqrt(variance) / scale)[::-1], title


def q_edges_for(theta):
    """The part of one grid in Q, the same for all angles, that this angle covers."""
    short, long = web_var.standard_vars['wavelength range']
    step, reach = np.log(1 + float(web_var.standard_vars['dQ/Q'])), 4 * np.pi * np.sin(np.radians(theta))
    return np.exp(step * np.arange(np.ceil(np.log(reach / long) / step), np.floor(np.log(reach / short) / step) + 1))


def scaled(curve, merged):
    """Brings a run to total reflection, or to the angle before it where they overlap."""
    q, r, error = curve
    factor = 1.0
    total = (q < float(web_var.advanced_vars['critical Q'])) & np.isfinite(r)
    shared = [(i, j) for i, x in enumerate(q) for j, y in enumerate(merged[0]) if abs(x / y - 1) < 1e-6 and r[i] > 0]
    if merged[0].size and shared:
        here, there = np.array(shared).T
        factor = merged[1][there].sum() / r[here].sum()
        print(f'  scaled by {factor:.3f} to the angle before, over {len(shared)} points')
    elif web_var.standard_vars['normalise to critical edge'] and total.sum() > 2:
        factor = total.sum() / r[total].sum()
        print(f'  scaled by {factor:.3f} to total reflection, over {total.sum()} points')
    return q, r * factor, error * factor


def merge(merged, curve):
    """Weighted mean where two angles share a bin of Q."""
    q, r, error = (np.concatenate(pair) for pair in zip(merged, curve))
    known = np.isfinite(r) & (error > 0)
    bins, where = np.unique(np.round(np.log(q[known]), 6), return_inverse=True)
    weight = 1 / error[known] ** 2
    total = np.bincount(where, weight)
    return np.exp(bins), np.bincount(where, weight * r[known]) / total, 1 / np.sqrt(total)


def main(input_file, output_dir):
    paths = input_file if isinstance(input_file, list) else [input_file]
    stem = os.path.splitext(os.path.basename(paths[0]))[0]
    curves = [reflectivity(path, q_edges_for) for path in paths]
    merged = np.array([]), np.array([]), np.array([])
    for edges, r, error, _ in sorted(curves, key=lambda curve: curve[0][0]):
        merged = merge(merged, scaled((np.sqrt(edges[1:] * edges[:-1]), r, error), merged))
    q, r, error = merged
    print(f'  {len(q)} points from Q = {q[0]:.4f} to {q[-1]:.4f} inverse angstrom')
    name = output_dir + stem + '_reflectivity'
    write(name, curves[0][3], q, r, error)
    power, label = PLOTS[web_var.advanced_vars['plot']]
    draw(name, f'{stem}  {curves[0][3]}', q, r * q**power, error * q**power, label)
    print('Wrote', stem + '_reflectivity.nxs and its figures')


def write(name, title, q, r, error):
    np.savetxt(name + '.dat', np.column_stack([q, r, error]), fmt='%.6e', header=f'{title}\nQ (1/angstrom), R, error')
    with h5py.File(name + '.nxs', 'w') as file:
        file.attrs['default'] = 'reflectivity'
        entry = file.create_group('reflectivity')
        entry.attrs.update({'NX_class': 'NXentry', 'default': 'data'})
        entry['title'] = title
        data = entry.create_group('data')
        data.attrs.update({'NX_class': 'NXdata', 'signal': 'R', 'axes': 'Q'})
        data.create_dataset('Q', data=q).attrs['units'] = '1/angstrom'
        data.create_dataset('R', data=r).attrs.update({'long_name': 'Reflectivity', 'errors': 'R_errors'})
        data['R_errors'] = error


def draw(name, title, q, y, error, label):
    figure, axis = plt.subplots(figsize=(8, 5.2), layout='constrained')
    q, y, error = (values[y > 0] for values in (q, y, error))  # a logarithmic axis has no room for zero
    lower = np.minimum(error, 0.9 * y)
    axis.errorbar(q, y, [lower, error], fmt='o', ms=3, color='#0072B2', ecolor='#9EC6E0', elinewidth=1)
    axis.set(xscale='log', yscale='log', xlabel='Q (\u00c5\u207b\u00b9)', ylabel=label, title=title)
    axis.set_ylim(y.min() / 2, y.max() * 2.5)
    axis.grid(which='both', color='#E4E8EC', linewidth=0.6)
    axis.spines[['top', 'right']].set_visible(False)
    figure.savefig(name + '.png', dpi=150)
    plt.close(figure)
    trace = {'type': 'scatter', 'mode': 'markers', 'name': title, 'marker': {'color': '#0072B2', 'size': 5},
             'x': [float(f'{v:.6g}') for v in q], 'y': [float(f'{v:.5g}') for v in y],
             'error_y': {'type': 'data', 'array': [float(f'{v:.3g}') for v in error], 'color': '#9EC6E0'}}
    layout = {'title': {'text': title}, 'xaxis': {'type': 'log', 'title': {'text': 'Q (\u00c5\u207b\u00b9)'}},
              'yaxis': {'type': 'log', 'title': {'text': label}, 'exponentformat': 'power'}}
    with open(name + '.json', 'w', encoding='utf-8') as file:
        json.dump({'data': [trace], 'layout': layout}, file)
