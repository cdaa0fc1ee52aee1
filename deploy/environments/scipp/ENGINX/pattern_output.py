"""Writes focused patterns: a reduced NeXus file, a figure and an interactive figure.

`patterns` maps a bank's name to (intensity over edges of d-spacing with its variances, peaks to label).
"""

import json
from itertools import cycle

import h5py
import matplotlib
import numpy as np
import scipp as sc
from scipy.signal import find_peaks

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

# colours that colour-blind eyes tell apart (Okabe and Ito)
COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00']


def points(pattern):
    """Middles of the bins, intensity and error, where there is any."""
    d, values = sc.midpoints(pattern.coords['dspacing']).values, pattern.values
    known = np.isfinite(values)
    return d[known], values[known], np.sqrt(pattern.variances[known])


def strongest_peaks(pattern, number=10):
    """d-spacings of the peaks that stand highest above what surrounds them: the centroids of their upper halves."""
    d, values, errors = points(pattern)
    smoothed = np.convolve(values, np.ones(5) / 5, 'same')
    least = max(6 * float(np.median(errors)), 0.04 * float(smoothed.max(initial=0)))
    places, found = find_peaks(smoothed, prominence=least)
    peaks = []
    for place, prominence in sorted(zip(places, found['prominences']), key=lambda one: -one[1])[:number]:
        near = np.abs(d / d[place] - 1) < 0.006
        above = np.clip(smoothed[near] - smoothed[place] + prominence / 2, 0, None)
        peaks.append(float((above * d[near]).sum() / above.sum()))
    return sorted(peaks)


def write_nexus(path, title, patterns, label, unit):
    with h5py.File(path, 'w') as file:
        file.attrs.update({'NX_class': 'NXroot', 'default': 'focused'})
        entry = file.create_group('focused')
        entry.attrs.update({'NX_class': 'NXentry', 'default': next(iter(patterns)).replace(' ', '_')})
        entry['title'] = title
        for bank, (pattern, _) in patterns.items():
            data = entry.create_group(bank.replace(' ', '_'))
            data.attrs.update({'NX_class': 'NXdata', 'signal': 'intensity', 'axes': ['d_spacing']})
            data['title'] = f'{title}, {bank}'
            axis = data.create_dataset('d_spacing', data=pattern.coords['dspacing'].values)
            axis.attrs.update({'units': 'angstrom', 'long_name': 'd-spacing (angstrom)'})
            signal = data.create_dataset('intensity', data=pattern.values)
            signal.attrs.update({'units': unit, 'long_name': label, 'errors': 'intensity_errors'})
            data.create_dataset('intensity_errors', data=np.sqrt(pattern.variances)).attrs['units'] = unit


def clear_of_one_another(peaks, d, values, width):
    """The peaks whose labels fit beside those of higher ones."""
    chosen = []
    for peak in sorted(peaks, key=lambda peak: -values[np.abs(d - peak).argmin()]):
        if all(abs(peak - other) > 0.045 * width for other in chosen):
            chosen.append(peak)
    return chosen


def draw(path, heading, detail, patterns, label):
    """One panel a bank over a common axis."""
    known = np.concatenate([points(pattern)[0] for pattern, _ in patterns.values()])
    limits = known.min(), known.max()
    figure, panels = plt.subplots(len(patterns), sharex=True, squeeze=False, layout='constrained',
                                  figsize=(9, 1.5 + 2.1 * len(patterns)))
    for panel, colour, (bank, (pattern, peaks)) in zip(panels[:, 0], cycle(COLOURS), patterns.items()):
        d, values, errors = points(pattern)
        panel.fill_between(d, values - errors, values + errors, color=colour, alpha=0.25, linewidth=0)
        panel.plot(d, values, color=colour, linewidth=0.9)
        panel.set_title(bank, loc='right', color=colour, fontsize=10, fontweight='bold', parse_math=False)
        for peak in clear_of_one_another(peaks, d, values, limits[1] - limits[0]):
            height = values[np.abs(d / peak - 1) < 0.004].max()
            panel.annotate(f'{peak:.3f}', (peak, height), (0, 3), textcoords='offset points', ha='center',
                           fontsize=8, color='#444444')
        panel.set_ylim(min(0, values.min()), 1.18 * values.max())
        panel.ticklabel_format(axis='y', scilimits=(0, 4), useMathText=True)
        panel.spines[['top', 'right']].set_visible(False)
    panels[0, 0].set_title(detail, loc='left', color='#444444', fontsize=9)
    panels[-1, 0].set(xlabel='d-spacing (\u00c5)', xlim=limits)
    figure.supylabel(label, fontsize='medium')
    figure.suptitle(heading, parse_math=False)  # titles are what people write, dollars and all
    figure.savefig(path, dpi=150)
    plt.close(figure)


def write_plotly(path, title, patterns, label):
    traces = []
    for colour, (bank, (pattern, _)) in zip(cycle(COLOURS), patterns.items()):
        d, values, errors = points(pattern)
        traces.append({
            'type': 'scatter', 'mode': 'lines', 'name': bank, 'line': {'color': colour, 'width': 1.2},
            'x': d.round(5).tolist(), 'y': [float(f'{y:.5g}') for y in values],
            'error_y': {'type': 'data', 'array': [float(f'{e:.3g}') for e in errors], 'visible': False}})
    layout = {'title': {'text': title}, 'xaxis': {'title': {'text': 'd-spacing (\u00c5)'}},
              'yaxis': {'title': {'text': label}, 'exponentformat': 'power'}, 'legend': {'orientation': 'h'}}
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'data': traces, 'layout': layout}, file)
