"""What the control system does at the end of a run: copies its file, tells of it, notes it in the journal."""

from __future__ import annotations

from typing import Callable

import numpy as np

from .journal import add_to_journal
from .run_record import Run
from .sample_archive import InstrumentFolder, remove_old_files, write_lastrun

AT_ONCE = 'at once'
GROWING = 'growing'
ANNOUNCED_EARLY = 'announced before it was complete'


def choose_manner(rng: np.random.Generator) -> str:
    """Half of the files are there at once, most others grow for a second or two, one in twelve is announced early."""
    return str(rng.choice([AT_ONCE, GROWING, ANNOUNCED_EARLY], p=[0.5, 5 / 12, 1 / 12]))


def publish(folder: InstrumentFolder, run: Run, image: bytes, manner: str, wait: Callable[[float], object],
            keep: int) -> None:
    """Writes the file at its final path, a part at a time, then `lastrun.txt` and the journal.

    `wait(seconds)` may return early: all is completed then, so that a stopped simulator leaves nothing half done.
    """
    path = folder.raw_file(run.cycle, run.number)
    path.parent.mkdir(parents=True, exist_ok=True)
    # whoever opens the file meanwhile finds an HDF5 signature and too few bytes, as on the real archive
    parts = {AT_ONCE: (1.0,), GROWING: (0.3, 0.7, 1.0), ANNOUNCED_EARLY: (0.4, 0.8, 1.0)}[manner]
    written = 0
    with open(path, 'wb') as file:
        for share in parts:
            until = int(len(image) * share)
            file.write(image[written:until])
            file.flush()
            written = until
            if manner == ANNOUNCED_EARLY and share == parts[0]:
                write_lastrun(folder, run.number)
            if share < 1:
                wait(0.8 if manner == GROWING else 3.5)
    write_lastrun(folder, run.number)
    add_to_journal(folder.journal(run.cycle), run, keep)
    remove_old_files(folder, keep)
