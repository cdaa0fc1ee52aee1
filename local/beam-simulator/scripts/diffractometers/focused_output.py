"""Writes focused patterns: a reduced NeXus file, a figure and an interactive figure.

`patterns` maps a bank's name to (edges of its d-spacing bins, intensity, error, peaks to label).
"""

import json

import h5py
import matplotlib
import numpy as np

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

# colours that colour-blind eyes tell apart (Okabe and Ito)
COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00']


def write_nexus(path, title, patterns, label):
    with h5py.File(path, 'w') as file:
        file.attrs.update({'NX_class': 'NXroot', 'default': 'focused'})
        entry = file.create_group('focused')
        entry.attrs.update({'NX_class': 'NXentry', 'default': list(patterns)[-1].replace(' ', '_')})
        entry['title'] = title
        for bank, (edges, intensity, error, _) in patterns.items():
            data = entry.create_group(bank.replace(' ', '_'))
            data.attrs.update({'NX_class': 'NXdata', 'signal': 'intensity', 'axes': 'd_spacing'})
            data.create_dataset('d_spacing', data=edges).attrs['units'] = 'angstrom'
            signal = data.create_dataset('intensity', data=intensity)
            signal.attrs.update({'long_name': label, 'errors': 'intensity_errors'})
            data['intensity_errors'] = error


def clear_of_one_another(peaks, d, intensity, low, high, logarithmic):
    """The peaks whose labels fit beside those of higher ones."""
    scale, chosen = np.log if logarithmic else float, []
    for peak in sorted(peaks, key=lambda peak: -intensity[np.abs(d - peak).argmin()]):
        if all(abs(scale(peak) - scale(other)) > 0.05 * (scale(high) - scale(low)) for other in chosen):
            chosen.append(peak)
    return chosen


def draw(path, title, patterns, label, logarithmic=False):
    """One panel a bank over a common axis."""
    known = np.concatenate([edges[:-1][np.isfinite(intensity)] for edges, intensity, _, _ in patterns.values()])
    limits = known.min(), known.max()
    figure, panels = plt.subplots(len(patterns), sharex=True, squeeze=False, layout='constrained',
                                  figsize=(9, 1.4 + 1.9 * len(patterns)))
    for panel, colour, (bank, (edges, intensity, _, peaks)) in zip(panels[:, 0], COLOURS, patterns.items()):
        d, top = (edges[1:] + edges[:-1]) / 2, np.nanmax(intensity)
        panel.plot(d, intensity, color=colour, linewidth=0.9)
        panel.set_title(bank, loc='right', color=colour, fontsize=10, fontweight='bold')
        for peak in clear_of_one_another(peaks, d, intensity, *limits, logarithmic):
            height = np.nanmax(intensity[np.abs(d / peak - 1) < 0.004])
            panel.annotate(f'{peak:.3f}', (peak, height), (0, 3), textcoords='offset points', ha='center',
                           fontsize=8, color='#444444')
        panel.set_ylim(min(0, np.nanmin(intensity)), 1.18 * top)
        panel.ticklabel_format(axis='y', scilimits=(0, 4), useMathText=True)
        panel.spines[['top', 'right']].set_visible(False)
    if logarithmic:
        panels[-1, 0].set_xscale('log')
        panels[-1, 0].xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
        panels[-1, 0].xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter('%g'))
        panels[-1, 0].xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    panels[-1, 0].set(xlabel='d-spacing (\u00c5)', xlim=limits)
    figure.supylabel(label, fontsize='medium')
    figure.suptitle(title)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def write_plotly(path, title, patterns, label, logarithmic=False):
    traces = []
    for colour, (bank, (edges, intensity, error, _)) in zip(COLOURS, patterns.items()):
        known, d = np.isfinite(intensity), (edges[1:] + edges[:-1]) / 2
        traces.append({
            'type': 'scatter', 'mode': 'lines', 'name': bank, 'line': {'color': colour, 'width': 1.2},
            'x': d[known].round(5).tolist(), 'y': [float(f'{y:.5g}') for y in intensity[known]],
            'error_y': {'type': 'data', 'array': [float(f'{e:.3g}') for e in error[known]], 'visible': False}})
    axis = {'title': {'text': 'd-spacing (\u00c5)'}, 'type': 'log' if logarithmic else 'linear'}
    layout = {'title': {'text': title}, 'xaxis': axis, 'yaxis': {'title': {'text': label}, 'exponentformat': 'power'},
              'legend': {'orientation': 'h'}}
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'data': traces, 'layout': layout}, file)
