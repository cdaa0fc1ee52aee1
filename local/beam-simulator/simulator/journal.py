"""The journal of a cycle: one NXentry a run, numbers followed by a line break and blanks as the real ones are."""

from __future__ import annotations

import re
from pathlib import Path
from xml.sax.saxutils import escape

from .run_record import Run

CLOSING = '</NXroot>\n'
ENTRY = re.compile(r'    <NXentry name=.*?</NXentry>\n', re.DOTALL)


def _head(cycle: str, time: str) -> str:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<NXroot NeXus_version="4.3.0" XML_version="mxml"\n'
            f'        file_name="c:\\data\\journal_{cycle}.xml"\n'
            '        xmlns="http://definition.nexusformat.org/schema/3.0"\n'
            '        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n'
            '        xsi:schemaLocation="http://definition.nexusformat.org/schema/3.0"\n'
            f'        file_time="{time}+00:00">\n')


def _entry(run: Run) -> str:
    plan, exposure = run.plan, run.exposure
    spectra = len(run.histograms.counts)

    def words(name: str, value: str) -> str:
        return f'        <{name} NAPItype="NX_CHAR[{max(len(value), 1)}]">{escape(value)}</{name}>\n'

    def number(name: str, value: str, kind: str = 'INT32') -> str:
        return f'        <{name} NAPItype="NX_{kind}">{value}\n        </{name}>\n'

    return ''.join((
        f'    <NXentry name="{run.stem}">\n',
        words('title', plan.title), words('simulation_mode', 'NO'), words('user_name', plan.users),
        words('local_contact', 'UNSPECIFIED'), words('user_institute', 'UNSPECIFIED'),
        words('experiment_identifier', plan.rb_number), words('instrument_name', run.instrument.name),
        number('run_number', str(run.number)),
        words('start_time', exposure.start.isoformat(timespec='seconds')),
        words('end_time', exposure.end.isoformat(timespec='seconds')),
        number('duration', str(exposure.duration), 'INT64'),
        number('proton_charge', f'{exposure.proton_charge:.6f}', 'FLOAT32'),
        number('raw_frames', str(exposure.raw_frames), 'UINT32'),
        number('good_frames', str(exposure.good_frames), 'UINT32'),
        number('number_periods', '1'), number('number_spectra', str(spectra)), number('number_detectors', str(spectra)),
        number('number_time_regimes', '1'), words('frame_sync', 'ISIS'),
        number('total_mevents', f'{run.histograms.counts.sum() / 1e6:.4f}', 'FLOAT32'),
        words('comment', 'UNSPECIFIED'), words('sample_name', plan.sample_name.strip() or 'UNSPECIFIED'),
        words('isis_cycle', run.cycle), words('seci_config', f'{run.instrument.name.lower()}.conf'),
        '    </NXentry>\n'))


def add_to_journal(path: Path, run: Run, keep: int) -> None:
    """Appends the run; where the journal has grown well beyond `keep` runs, the oldest are dropped from it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = run.exposure.end.isoformat(timespec='seconds')
    if not path.exists():
        path.write_text(_head(run.cycle, time) + _entry(run) + CLOSING, encoding='utf-8')
        _name_in_main_journal(path)
        return
    text = path.read_text(encoding='utf-8')
    body = text[:text.rindex('</NXroot>')] if '</NXroot>' in text else _head(run.cycle, time)
    entries = ENTRY.findall(body)
    if len(entries) > keep + keep // 10 + 10:
        path.write_text(_head(run.cycle, time) + ''.join(entries[-keep:]) + _entry(run) + CLOSING, encoding='utf-8')
        return
    with open(path, 'r+b') as file:
        file.seek(len(body.encode()))
        file.write((_entry(run) + CLOSING).encode())
        file.truncate()


def _name_in_main_journal(journal: Path) -> None:
    main = journal.with_name('journal_main.xml')
    files = ''.join(f'    <file name="{path.name}"/>\n' for path in sorted(journal.parent.glob('journal_[0-9]*.xml')))
    main.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<NXroot>\n{files}</NXroot>\n', encoding='utf-8')
