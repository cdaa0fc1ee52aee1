"""Prints as JSON where a reduced file has its peaks: of each bank, the middle of a Gaussian on a flat background near each d-spacing.

fit-peaks.py FILE D...
"""

import json
import sys

import h5py
import numpy as np


def fit(d, intensity, error, near):
    """Gauss and Newton's method from the highest point on; fails where it does not settle within the window."""
    window = np.isfinite(intensity) & (np.abs(d / near - 1) < 0.01)
    d, intensity = d[window], intensity[window]
    weight = 1 / np.maximum(error[window], np.median(error[window]))
    level, middle, width = np.median(intensity), d[np.argmax(intensity)], 0.002 * near
    height = intensity.max() - level
    for _ in range(100):
        shape = np.exp(-0.5 * ((d - middle) / width) ** 2)
        slopes = np.column_stack([
            shape,
            height * shape * (d - middle) / width**2,
            height * shape * (d - middle) ** 2 / width**3,
            np.ones_like(d),
        ])
        rest = intensity - height * shape - level
        step = np.linalg.lstsq(slopes * weight[:, None], rest * weight, rcond=None)[0]
        height, middle, width, level = np.array([height, middle, width, level]) + 0.5 * step
        if abs(step[1]) < 1e-7 * near:
            break
    if not (d[0] < middle < d[-1] and height > 5 * abs(level) and 0 < abs(width) < 0.01 * near):
        raise SystemExit(f"no peak near {near}: height {height}, middle {middle}, width {width}, background {level}")
    return float(middle)


path, *wanted = sys.argv[1:]
found = {}
with h5py.File(path, "r") as file:
    entry = file[file.attrs["default"]]
    for bank in entry:
        if entry[bank].attrs.get("NX_class") != "NXdata":
            continue
        edges, intensity, error = (entry[bank][name][()] for name in ("d_spacing", "intensity", "intensity_errors"))
        found[bank] = [fit((edges[1:] + edges[:-1]) / 2, intensity, error, float(d)) for d in wanted]
print(json.dumps(found))
