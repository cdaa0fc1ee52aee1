"""MUSR: muon spin rotation in a transverse field and relaxation in none."""

from __future__ import annotations


from .muon_spin import measure_muons
from .run_record import Instrument, Plan, SampleLog

HELIMAGNET = ('2620150', 'Blundell,Lancaster,Pratt')
SUPERCONDUCTOR = ('2610643', 'Hillier,Biswas')


def _logs(kelvin: float, gauss: float) -> tuple[SampleLog, ...]:
    return (SampleLog('Temp_Sample', kelvin, kelvin, 'K', 0.002 * kelvin),
            SampleLog('Temp_Cryostat', kelvin - 0.3, kelvin - 0.3, 'K', 0.01),
            SampleLog('Field_Main', gauss, gauss, 'G', 0.01), SampleLog('Field_ZF_Magnitude', 0.02, 0.02, 'G', 0.005),
            SampleLog('Slits', 16.0, 16.0, 'mm'), SampleLog('UQ4_CURR', 81.2, 81.2, 'A', 0.01))


def _plan(title: str, experiment: tuple[str, str], name: str, shape: str, rate: float, kelvin: float, gauss: float,
          asymmetry: float = 0.23) -> Plan:
    sample = {'shape': shape, 'rate': rate, 'field': gauss, 'temperature': kelvin, 'asymmetry': asymmetry,
              'baseline': 0.0 if gauss else 0.02}  # muons that stop in the silver mount
    return Plan(title, *experiment, sample, name, notes='TF' if gauss else 'ZF', logs=_logs(kelvin, gauss))


def _silver(experiment: tuple[str, str]) -> Plan:
    return _plan('Ag TF20 T=290 F=20', experiment, 'Ag', 'transverse', 0.02, 290, 20)


def _helimagnet(kelvin: float) -> Plan:
    """MnSi: fluctuations slow down towards 29.5 K."""
    rate = 0.05 + 0.9 / (kelvin - 28.9)
    return _plan(f'MnSi ZF T={kelvin:g} F=0', HELIMAGNET, 'MnSi', 'exponential', rate, kelvin, 0)


def _superconductor(kelvin: float) -> Plan:
    """Nb below 9.2 K: the flux line lattice spreads the field."""
    rate = 0.03 + 0.45 * max(0.0, 1 - (kelvin / 9.2) ** 4)
    return _plan(f'Nb TF100 T={kelvin:g} F=100', SUPERCONDUCTOR, 'Nb', 'transverse', rate, kelvin, 100)


PROGRAMME = (
    _silver(HELIMAGNET),
    *(_helimagnet(kelvin) for kelvin in (60, 45, 38, 34, 32, 31, 30.4, 30)),
    _plan('dead time Ag slits 40 T=290 F=20', ('CAL_MUSR_26_3', 'Hillier'), 'Ag', 'transverse', 0.02, 290, 20),
    _silver(SUPERCONDUCTOR),
    *(_superconductor(kelvin) for kelvin in (12, 10, 9, 8.5, 8, 7, 5, 3, 2)),
)

MUSR = Instrument('MUSR', 'MUS', 98760, 40.0, 0.999, 160.0, lambda step: PROGRAMME[step % len(PROGRAMME)],
                  measure_muons, neutrons=False)
