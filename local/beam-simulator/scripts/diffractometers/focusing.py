"""Time-of-flight powder data: reading a raw file, focusing spectra onto d-spacing, finding peaks."""

import os

import h5py
import numpy as np

TOF_PER_ANGSTROM_METRE = 252.778  # microseconds


def read_run(path):
    """Counts, time edges and the geometry of every spectrum, as the VMS tables of the raw file give it."""
    with h5py.File(path, 'r') as file:
        entry = file['raw_data_1']
        vms = entry['isis_vms_compat']
        spectra = entry['detector_1/spectrum_index'][()]
        row_of = {number: row for row, number in reversed(list(enumerate(vms['SPEC'][()])))}
        rows = [row_of[number] for number in spectra]
        run = {
            'title': entry['title'][0].decode('latin-1').strip(),
            'charge': float(entry['proton_charge'][0]),
            'monitor': int(entry['monitor_1/data'][()].sum()),
            'edges': entry['detector_1/time_of_flight'][()].astype(float),
            'counts': entry['detector_1/counts'][()].sum(axis=0),
            'spectra': spectra, 'angle': vms['TTHE'][()][rows], 'path': vms['LEN2'][()][rows],
        }
    print(f"{os.path.basename(path)}: {run['title']}, {run['charge']:.2f} uAh, {len(spectra)} spectra")
    return run


def focus(run, wanted, edges, primary_path):
    """Rebins the wanted spectra onto common edges of d-spacing: counts, and the share of spectra that saw each bin."""
    counts, seen = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    for row in np.flatnonzero(wanted):
        sine = np.sin(np.radians(abs(run['angle'][row])) / 2)
        d = run['edges'] / (TOF_PER_ANGSTROM_METRE * (primary_path + run['path'][row]) * 2 * sine)
        counts += np.diff(np.interp(edges, d, np.concatenate([[0], np.cumsum(run['counts'][row])])))
        seen += np.diff(np.clip(edges, d[0], d[-1])) / np.diff(edges)
    return counts, seen / max(wanted.sum(), 1)


def per_beam(counts, seen, edges, beam, smallest_share=0.5):
    """Intensity and error per angstrom and unit of beam; not a number where too few detectors looked."""
    if beam <= 0:
        raise ValueError('This run has no beam to normalise by. Try another "normalise by".')
    scale = beam * np.diff(edges) * np.where(seen > smallest_share, seen, np.nan)
    return counts / scale, np.sqrt(counts) / scale


def without_background(intensity, passes):
    """Clips the peaks off step by step; what is left is the background, and is taken away."""
    background = np.nan_to_num(intensity)
    for width in range(passes, 0, -1):
        padded = np.pad(background, width, mode='edge')
        background = np.minimum(background, (padded[:-2 * width] + padded[2 * width:]) / 2)
    return intensity - background


def strongest_peaks(edges, intensity, number=6, apart=0.02):
    """d-spacings of the highest maxima, a fraction `apart` from one another: the centroids of their upper halves."""
    d, found = (edges[1:] + edges[:-1]) / 2, []
    floor = np.nanmedian(intensity)
    for i in np.argsort(np.nan_to_num(intensity))[::-1][:len(d) // 4]:
        if len(found) == number or intensity[i] < 3 * abs(floor):
            break
        near = np.abs(d / d[i] - 1) < 0.4 * apart
        if all(abs(d[i] / other - 1) > apart for other in found) and intensity[i] >= np.nanmax(intensity[near]):
            above = np.where(near, np.clip(np.nan_to_num(intensity) - (intensity[i] + floor) / 2, 0, None), 0)
            found.append(float((above * d).sum() / above.sum()))
    return sorted(found)
