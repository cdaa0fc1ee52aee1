"""Writes an asymmetry and its fit: a reduced NeXus file, a figure and an interactive figure.

`found` is None or (name of the model, its parameters as (name, unit, value, error), chi squared, the line).
"""

import json

import h5py
import matplotlib
import numpy as np

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402


def write_nexus(path, title, t, a, error, found):
    with h5py.File(path, 'w') as file:
        file.attrs['default'] = 'asymmetry'
        entry = file.create_group('asymmetry')
        entry.attrs.update({'NX_class': 'NXentry', 'default': 'data'})
        entry['title'] = title
        data = entry.create_group('data')
        data.attrs.update({'NX_class': 'NXdata', 'signal': 'asymmetry', 'axes': 'time'})
        data.create_dataset('time', data=t).attrs['units'] = 'microsecond'
        data.create_dataset('asymmetry', data=a).attrs['errors'] = 'asymmetry_errors'
        data['asymmetry_errors'] = error
        if found:
            model, parameters, chi, line = found
            data['fit'] = line
            results = entry.create_group('fit')
            results.attrs.update({'NX_class': 'NXparameters', 'model': model, 'chi_squared': chi})
            for name, unit, value, sigma in parameters:
                results.create_dataset(name, data=value).attrs.update({'units': unit, 'error': sigma})


def in_brackets(value, error):
    """0.2298(9): the error counts the last digit."""
    digits = max(0, -int(np.floor(np.log10(max(error, 1e-9)))))
    return f'{value:.{digits}f}({error * 10**digits:.0f})'


def draw(name, title, t, a, error, found, with_line):
    """A picture with the residuals below, and an interactive figure."""
    figure, (panel, rest) = plt.subplots(2, sharex=True, figsize=(8, 5.6), layout='constrained', height_ratios=[4, 1])
    panel.errorbar(t, a, error, fmt='o', ms=2.5, color='#0072B2', ecolor='#9EC6E0', elinewidth=1)
    traces = [{'type': 'scatter', 'mode': 'markers', 'name': 'asymmetry', 'marker': {'color': '#0072B2', 'size': 4},
               'x': t.round(4).tolist(), 'y': a.round(5).tolist(),
               'error_y': {'type': 'data', 'array': error.round(5).tolist(), 'color': '#9EC6E0'}}]
    if found:
        model, parameters, chi, line = found
        rest.plot(t, (a - line) / error, '.', ms=2.5, color='#0072B2')
        if with_line:
            panel.plot(t, line, color='#D55E00', linewidth=1.4)
            traces.append({'type': 'scatter', 'mode': 'lines', 'name': model, 'line': {'color': '#D55E00', 'width': 2},
                           'x': t.round(4).tolist(), 'y': line.round(5).tolist()})
        results = [f'{name} {in_brackets(value, sigma)} {unit}'.rstrip() for name, unit, value, sigma in parameters]
        panel.set_title(f'{model}, \u03c7\u00b2 {chi:.2f}:  ' + ',  '.join(results), fontsize=8, color='#D55E00')
    low, high = np.percentile(a, [1, 99])
    panel.set(ylabel='Asymmetry', ylim=(min(low, 0) - 0.04, high + 0.04), xlim=(0, t[-1]))
    figure.suptitle(title)
    rest.axhline(0, color='#9AA3AB', linewidth=0.8)
    rest.set(xlabel='Time (\u00b5s)', ylabel='(data \u2212 fit) / \u03c3', ylim=(-5, 5))
    for axis in (panel, rest):
        axis.spines[['top', 'right']].set_visible(False)
    figure.savefig(name + '.png', dpi=150)
    plt.close(figure)
    layout = {'title': {'text': title}, 'xaxis': {'title': {'text': 'Time (\u00b5s)'}},
              'yaxis': {'title': {'text': 'Asymmetry'}}}
    with open(name + '.json', 'w', encoding='utf-8') as file:
        json.dump({'data': traces, 'layout': layout}, file)
