"""The sample archive: its folders, `lastrun.txt`, the scripts in it, and how much of it is kept."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

MARKER = 'SAMPLE-ARCHIVE.txt'
MARKER_TEXT = """\
This archive is made by the beam simulator (local/beam-simulator). Its measurements are invented.
Scripts in it may be edited: the simulator never overwrites them. Old raw files are removed.
"""
SCRIPTS = Path(__file__).parent.parent / 'scripts'
# modules that the scripts of several instruments import, kept once here and installed beside each
DIFFRACTOMETERS = ('diffractometers/focusing.py', 'diffractometers/focused_output.py')
NEIGHBOURS = {
    'ENGINX': DIFFRACTOMETERS,
    'POLARIS': DIFFRACTOMETERS,
    'MUSR': ('MUSR/relaxation.py', 'MUSR/asymmetry_output.py'),
}


class NotASampleArchive(Exception):
    """The folder holds something that the simulator did not make; it keeps its hands off."""


def open_sample_archive(root: Path) -> None:
    """Makes an empty or absent folder a sample archive, accepts one, and refuses any other folder."""
    root.mkdir(parents=True, exist_ok=True)
    if (root / MARKER).is_file():
        return
    if any(not entry.name.startswith('.') for entry in root.iterdir()):
        raise NotASampleArchive(f'{root} is not empty and was not made by the beam simulator: name another folder.')
    (root / MARKER).write_text(MARKER_TEXT)


@dataclass(frozen=True)
class InstrumentFolder:
    """An instrument's part of the archive: `NDX<name>`."""

    root: Path
    instrument: str
    first_run: int

    @property
    def home(self) -> Path:
        return self.root / f'NDX{self.instrument}'

    @property
    def lastrun(self) -> Path:
        return self.home / 'Instrument' / 'logs' / 'lastrun.txt'

    @property
    def scripts(self) -> Path:
        return self.home / 'user' / 'scripts' / 'autoreduction'

    def data(self, cycle: str) -> Path:
        return self.home / 'Instrument' / 'data' / f'cycle_{cycle}'

    def journal(self, cycle: str) -> Path:
        return self.home / 'Instrument' / 'logs' / 'journal' / f'journal_{cycle}.xml'

    def raw_file(self, cycle: str, number: int) -> Path:
        return self.data(cycle) / f'{self.instrument}{number:08d}.nxs'


def install_scripts(folder: InstrumentFolder) -> None:
    """Puts each script where it belongs unless a file is there already: it may have been edited."""
    folder.scripts.mkdir(parents=True, exist_ok=True)
    own = tuple(f'{folder.instrument}/{name}' for name in ('reduce.py', 'reduce_vars.py'))
    for source in own + NEIGHBOURS.get(folder.instrument, ()):
        target = folder.scripts / Path(source).name
        if not target.exists():
            shutil.copyfile(SCRIPTS / source, target)


def write_lastrun(folder: InstrumentFolder, number: int) -> None:
    """Over the old line in place, as the control system does: the line keeps its length, so nobody reads half of it."""
    folder.lastrun.parent.mkdir(parents=True, exist_ok=True)
    line = f'{folder.instrument} {number:08d} 0 \n'.encode()
    with open(folder.lastrun, 'r+b' if folder.lastrun.exists() else 'wb') as file:
        file.write(line)
        file.truncate()


def last_run(folder: InstrumentFolder) -> int | None:
    """The number in `lastrun.txt`; where that cannot be read, of the newest raw file; None in a new archive."""
    try:
        tokens = folder.lastrun.read_text(encoding='ascii').split()
        if len(tokens) == 3 and tokens[1].isdigit():
            return int(tokens[1])
    except (OSError, UnicodeDecodeError):
        pass
    return max((number for number, _ in raw_files(folder)), default=None)


def raw_files(folder: InstrumentFolder) -> list[tuple[int, Path]]:
    """The runs that the simulator made, the oldest first."""
    name = re.compile(rf'{folder.instrument}(\d{{8}})\.nxs')
    found = []
    for path in (folder.home / 'Instrument' / 'data').glob('cycle_26_*/*.nxs'):
        match = name.fullmatch(path.name)
        if match and int(match[1]) >= folder.first_run:
            found.append((int(match[1]), path))
    return sorted(found)


def remove_old_files(folder: InstrumentFolder, keep: int) -> None:
    for _, path in raw_files(folder)[:-keep]:
        path.unlink(missing_ok=True)
