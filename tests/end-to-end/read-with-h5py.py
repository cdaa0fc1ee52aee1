"""Prints as JSON what h5py reads of raw files: the yardstick for what the service records."""

import json
import sys

import h5py


def value(entry, name):
    item = entry[name][()]
    item = item.item() if getattr(item, "shape", None) in ((), (1,)) else item
    return item.decode("latin-1").strip() if isinstance(item, bytes) else item


found = {}
for path in sys.argv[1:]:
    with h5py.File(path, "r") as file:
        entry = file[list(file)[0]]
        names = ["title", "experiment_identifier", "run_number", "start_time", "end_time", "good_frames", "raw_frames", "proton_charge"]
        found[path] = {name: value(entry, name) for name in names}
print(json.dumps(found))
