"""POLARIS: powder diffraction with five banks from forward to back scattering."""

from __future__ import annotations

import numpy as np

from .crystals import CERIA, LANTHANUM_HEXABORIDE, SILICON
from .powder_diffraction import Bank, Diffractometer, diffract
from .run_record import Exposure, Instrument, Plan, SampleLog, TofHistograms

DETECTORS = 36  # a bank


def _bank(number: int, smallest: float, largest: float, secondary_path: float, resolution: float) -> Bank:
    two_theta = np.linspace(smallest, largest, DETECTORS)
    return Bank(1 + (number - 1) * DETECTORS, two_theta, np.full(DETECTORS, secondary_path), 0.0, resolution)


MACHINE = Diffractometer(
    primary_path=14.0, tof_edges=np.geomspace(1100.0, 19600.0, 2001),
    banks=(_bank(1, 6.7, 14.0, 2.25, 0.0270), _bank(2, 19.5, 34.1, 1.45, 0.0130), _bank(3, 40.4, 66.4, 0.93, 0.0072),
           _bank(4, 75.2, 112.9, 0.72, 0.0042), _bank(5, 134.6, 167.4, 1.06, 0.0026)),
    monitors=((181, -1.62), (182, 1.5)), counts_per_uah=0.8e5, monitor_counts_per_uah=9.0e5)

OXIDES = ('2620098', 'Hull,Marrocchelli,Norberg')
STANDARDS = ('2610455', 'Smith,Playford')


def _logs(kelvin: float) -> tuple[SampleLog, ...]:
    return (SampleLog('Temp_1', kelvin - 0.4, kelvin, 'K', 0.08),
            SampleLog('Temp_2', kelvin - 2.0, kelvin - 1.6, 'K', 0.1),
            SampleLog('Furnace_power', 0.4 + kelvin / 40, 0.4 + kelvin / 40, '%', 0.2),
            SampleLog('Vacuum', 2.1e-6, 2.0e-6, 'mbar', 3e-8), SampleLog('Jaw_horizontal_gap', 15.0, 15.0, 'mm'),
            SampleLog('Jaw_vertical_gap', 40.0, 40.0, 'mm'))


def _heat(kelvin: int) -> Plan:
    sample = {'crystal': CERIA, 'temperature': kelvin}
    return Plan(f'CeO2 in furnace T={kelvin} K', *OXIDES, sample, 'CeO2', logs=_logs(kelvin))


PROGRAMME = (
    Plan('Si NIST 640e 6 mm V can', *STANDARDS, {'crystal': SILICON, 'brightness': 1.2}, 'Si', logs=_logs(293)),
    Plan('LaB6 NIST 660c 6 mm V can', *STANDARDS, {'crystal': LANTHANUM_HEXABORIDE}, 'LaB6', logs=_logs(293)),
    Plan('V rod 8 mm', 'CAL_POLARIS_26_3', 'Smith', {'crystal': None, 'brightness': 1.5}, 'V', logs=_logs(293)),
    *(_heat(kelvin) for kelvin in range(300, 1301, 200)),
    *(_heat(kelvin) for kelvin in range(1200, 399, -200)),
    Plan('Si NIST 640e 6 mm V can', *OXIDES, {'crystal': SILICON, 'brightness': 1.2}, 'Si', logs=_logs(293)),
)


def measure(plan: Plan, exposure: Exposure, rng: np.random.Generator) -> TofHistograms:
    return diffract(MACHINE, plan, exposure, rng)


POLARIS = Instrument('POLARIS', 'POL', 162310, 40.0, 0.998, 160.0, lambda step: PROGRAMME[step % len(PROGRAMME)],
                     measure)
