"""Writes small TOFRAW files: make-raw-files.py FOLDER PREFIX RB NUMBER..."""

import sys

import h5py
import numpy as np

folder, prefix, rb = sys.argv[1:4]
for number in map(int, sys.argv[4:]):
    with h5py.File(f"{folder}/{prefix}{number:08d}.nxs", "w") as file:
        entry = file.create_group("raw_data_1")
        entry.attrs["NX_class"] = "NXentry"
        for name, value in {
            "definition": b"TOFRAW",
            "title": f"Made for a test, run {number}".encode(),
            "experiment_identifier": rb.encode(),
            "start_time": b"2026-03-01T10:00:00",
            "end_time": b"2026-03-01T10:05:00",
        }.items():
            entry.create_dataset(name, data=np.array([value]))
        for name, value in {"run_number": number, "good_frames": 100, "raw_frames": 110}.items():
            entry.create_dataset(name, data=np.array([value], dtype="i4"))
        entry.create_dataset("proton_charge", data=np.array([1.5], dtype="f4"))
        entry.create_dataset("duration", data=np.array([300.0], dtype="f4"))
