"""INTER: reflectometry of surfaces and films, each sample at two angles."""

from __future__ import annotations

from .reflectivity import Layer, measure_reflection
from .run_record import Instrument, Plan, SampleLog

AIR, SILICON = Layer(0.0), Layer(2.07, roughness=3.0)
HEAVY_WATER = Layer(6.35, roughness=4.0)
OXIDE = Layer(3.47, 14.0, 4.0)

FILMS = ('2610877', 'Webster,Skoda,Cooper')
LIPIDS = ('2620311', 'van,Couston,King')

SAMPLES = (
    ('Ni 45 nm on Si S1', FILMS, (AIR, Layer(9.41, 450.0, 6.0), OXIDE, SILICON)),
    ('dPS 62 nm on Si S2', FILMS, (AIR, Layer(6.20, 620.0, 5.0), OXIDE, SILICON)),
    ('Si/D2O S3', LIPIDS, (Layer(2.07), OXIDE, HEAVY_WATER)),
    ('DPPC bilayer Si/D2O S3', LIPIDS,
     (Layer(2.07), OXIDE, Layer(5.6, 4.0, 3.0), Layer(1.9, 8.0, 3.0), Layer(-0.35, 31.0, 3.0), Layer(1.9, 8.0, 4.0),
      HEAVY_WATER)),
)
ANGLES = (0.7, 2.3)


def _logs(theta: float) -> tuple[SampleLog, ...]:
    return (SampleLog('Theta', theta, theta, 'deg', 4e-5), SampleLog('PHI', theta, theta, 'deg', 4e-5),
            SampleLog('S1_VG', 1.4286 * theta, 1.4286 * theta, 'mm', 5e-4), SampleLog('S1_HG', 40.0, 40.0, 'mm'),
            SampleLog('S2_VG', 0.8571 * theta, 0.8571 * theta, 'mm', 5e-4), SampleLog('S2_HG', 30.0, 30.0, 'mm'),
            SampleLog('Julabo_WB', 25.0, 25.0, 'C', 0.02), SampleLog('TS2_Beam', 39.2, 39.2, 'uA', 0.1))


def _reflection(name: str, experiment: tuple[str, str], layers: tuple[Layer, ...], theta: float) -> Plan:
    title = f'{name} th={theta:g}'
    return Plan(title, *experiment, {'layers': layers, 'theta': theta}, name, logs=_logs(theta))


PROGRAMME = (
    Plan('direct beam, slits as th=0.7', 'CAL_INTER_26_3', 'Skoda', {'layers': None, 'theta': 0.7}, logs=_logs(0.7)),
    *(_reflection(*sample, theta) for sample in SAMPLES for theta in ANGLES),
)

INTER = Instrument('INTER', 'INT', 87450, 10.0, 0.9998, 39.2, lambda step: PROGRAMME[step % len(PROGRAMME)],
                   measure_reflection)
