"""ENGINX: strain scanning with two banks at 90 degrees either side of the beam."""

from __future__ import annotations

import numpy as np

from .crystals import ALUMINIUM, AUSTENITE, CERIA, FERRITE
from .powder_diffraction import Bank, Diffractometer, diffract
from .run_record import Exposure, Instrument, Plan, SampleLog, TofHistograms

# a tenth of the real instrument's 1200 detectors a bank, so that a file takes a fraction of a second
DETECTORS = 120


def _bank(first_spectrum: int, sign: int, azimuth: float) -> Bank:
    two_theta = np.linspace(75.0, 105.0, DETECTORS)
    secondary_path = 1.53 + 0.04 * np.sin(np.arange(DETECTORS) * 1.7)
    return Bank(first_spectrum, sign * two_theta, secondary_path, azimuth, resolution=0.0021)


MACHINE = Diffractometer(
    primary_path=50.0, tof_edges=np.geomspace(14000.0, 47500.0, 1801),
    banks=(_bank(1, +1, 2.0), _bank(DETECTORS + 1, -1, 2.0)),
    monitors=((241, -49.6), (242, 1.1)), counts_per_uah=1.8e5, monitor_counts_per_uah=2.0e6)

WELD = ('2610234', 'Oliver,Marsh,Kabra')
ALLOY = ('2620417', 'Garcia,Lee,Kelleher')


def _logs(x: float, stress: float) -> tuple[SampleLog, ...]:
    return (SampleLog('x', x, x, 'mm', 0.002), SampleLog('y', 12.5, 12.5, 'mm', 0.002),
            SampleLog('z', -3.0, -3.0, 'mm', 0.002), SampleLog('stress', stress, stress, 'MPa', 0.6),
            SampleLog('furnace', 21.4, 21.6, 'C', 0.05), SampleLog('slit_h', 4.0, 4.0, 'mm'),
            SampleLog('C6_MASTER_FREQUENCY', 16.66, 16.66, 'Hz', 0.003),
            SampleLog('C6_MASTER_PHASE', 1560.0, 1560.0, '\u00b5s', 0.8))


def _calibrant(rb_number: str, users: str) -> Plan:
    return Plan('CeO2 4x4x15', rb_number, users, {'crystal': CERIA, 'brightness': 1.2}, 'CeO2', logs=_logs(0, 0))


def _weld(position: int) -> Plan:
    x = 3.0 * (position - 5)
    profile = 1.1e-3 * np.exp(-0.5 * (x / 4) ** 2) - 2.5e-4  # tensile in the weld, compressive beside it
    sample = {'crystal': AUSTENITE, 'strain': (profile, -0.3 * profile)}
    return Plan(f'316L weld 4x4x4 pos {position}', *WELD, sample, '316L plate', logs=_logs(x, 0))


def _pull(stress: int) -> Plan:
    strain = stress / 73.0e3
    sample = {'crystal': ALUMINIUM, 'strain': (strain, -0.33 * strain), 'brightness': 0.8}
    return Plan(f'Al 2024 tensile {stress} MPa', *ALLOY, sample, 'Al 2024', logs=_logs(0, stress))


PROGRAMME = (
    _calibrant(*WELD),
    *(_weld(position) for position in range(1, 10)),
    Plan('Vanadium 4x4x15', 'CAL_ENGINX_26_3', 'Kabra', {'crystal': None, 'brightness': 1.6}, 'V', logs=_logs(0, 0)),
    _calibrant(*ALLOY),
    *(_pull(stress) for stress in range(0, 401, 50)),
    Plan('Fe bolt d0 comb 3x3x3', *ALLOY, {'crystal': FERRITE}, 'Fe', logs=_logs(6, 0)),
    Plan('quick check of the south bank', '0', 'Kabra', {'crystal': FERRITE}, ' ', logs=_logs(0, 0)),
)


def measure(plan: Plan, exposure: Exposure, rng: np.random.Generator) -> TofHistograms:
    return diffract(MACHINE, plan, exposure, rng)


ENGINX = Instrument('ENGINX', 'ENG', 364120, 16.67, 0.8, 57.0, lambda step: PROGRAMME[step % len(PROGRAMME)], measure)
