"""A small reduction for any ISIS raw file: the sum over all spectra against time of flight."""

import json
import os

import h5py
import matplotlib.pyplot as plt
import numpy as np


def main(input_file, output_dir):
    stem = os.path.splitext(os.path.basename(input_file))[0]
    with h5py.File(input_file, "r") as file:
        entry = file["raw_data_1"]
        print("Reading", stem, entry["title"][0].decode("latin-1"))
        detector = entry.get("detector_1", entry.get("detector_1_events"))
        if "counts" in detector:
            counts = detector["counts"][()].sum(axis=tuple(range(detector["counts"].ndim - 1)))
        else:
            counts = np.histogram(detector["event_time_offset"][()], bins=200)[0]
    plt.plot(counts)
    plt.xlabel("time channel")
    plt.ylabel("counts")
    plt.savefig(output_dir + stem + "_sum.png")
    with open(output_dir + stem + "_sum.json", "w") as out:
        json.dump({"data": [{"type": "scatter", "y": counts.tolist()}], "layout": {"title": {"text": stem}}}, out)
    with h5py.File(output_dir + stem + "_reduced.nxs", "w") as out:
        out["counts"] = counts
