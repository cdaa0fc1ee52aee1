"""Counts of a neutron reflectometer: a stack of layers after Abeles, seen with a white beam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .run_record import Exposure, Monitor, Plan, TofHistograms, poisson

# metres from the moderator to the sample, the monitors and the point detector
PRIMARY_PATH = 17.037
SECONDARY_PATH = 2.663
MONITOR_DISTANCES = ((1, -10.077), (2, -3.246), (3, -0.252))
TOF_PER_ANGSTROM_METRE = 252.778
TOF_EDGES = np.concatenate([np.arange(5.0, 99906.0, 100.0), [100000.0]])


@dataclass(frozen=True)
class Layer:
    """Scattering length density in 1e-6 / angstrom^2, thickness and roughness of its upper face in angstrom."""

    sld: float
    thickness: float = 0.0
    roughness: float = 3.0


def reflect(layers: tuple[Layer, ...], q: np.ndarray) -> np.ndarray:
    """Specular reflectivity; the first layer is where the beam comes from, the last the substrate."""
    sld = np.array([layer.sld for layer in layers]) * 1e-6
    k = np.sqrt((q[:, None] / 2) ** 2 - 4 * np.pi * (sld - sld[0])[None, :] + 0j)
    m11 = m22 = np.ones(len(q), complex)
    m12 = m21 = np.zeros(len(q), complex)
    for n in range(len(layers) - 1):
        fresnel = (k[:, n] - k[:, n + 1]) / (k[:, n] + k[:, n + 1])
        fresnel = fresnel * np.exp(-2 * k[:, n] * k[:, n + 1] * layers[n + 1].roughness ** 2)
        phase = 1j * k[:, n] * layers[n].thickness if n > 0 else np.zeros(len(q), complex)
        grow, fade = np.exp(phase), np.exp(-phase)
        c11, c12, c21, c22 = grow, fresnel * grow, fresnel * fade, fade
        m11, m12, m21, m22 = (m11 * c11 + m12 * c21, m11 * c12 + m12 * c22,
                              m21 * c11 + m22 * c21, m21 * c12 + m22 * c22)
    return np.clip(np.abs(m21 / m11) ** 2, 0, 1)


def smeared(layers: tuple[Layer, ...], q: np.ndarray, resolution: float = 0.03) -> np.ndarray:
    """As `reflect`, seen with a resolution dQ/Q (sigma)."""
    offsets = np.linspace(-2.5, 2.5, 11)
    weights = np.exp(-0.5 * offsets**2)
    seen = sum(weight * reflect(layers, q * (1 + offset * resolution)) for offset, weight in zip(offsets, weights))
    return seen / weights.sum()


def _beam(wavelength: np.ndarray) -> np.ndarray:
    """The cold beam after guides and choppers: 1.5 to 16 angstrom. Arbitrary units."""
    hump = 3.4
    shape = (hump / wavelength) ** 4 * np.exp(-((hump / wavelength) ** 2))
    return shape / (1 + np.exp((1.5 - wavelength) / 0.04)) / (1 + np.exp((wavelength - 16.2) / 0.15))


def measure_reflection(plan: Plan, exposure: Exposure, rng: np.random.Generator) -> TofHistograms:
    """`plan.sample`: layers (None for the direct beam) and theta in degrees. The slits open with theta squared."""
    sample = plan.sample
    theta = float(sample['theta'])
    opening = (theta / 0.7) ** 2
    monitors = []
    for spectrum, distance in MONITOR_DISTANCES:
        rate = {1: 1.2e7, 2: 2.4e7, 3: 3.6e7 * opening}[spectrum]
        expected = rate * exposure.proton_charge * _white(PRIMARY_PATH + distance)
        monitors.append(Monitor(spectrum, distance, poisson(expected + 0.5, rng)))
    edges = TOF_EDGES / (TOF_PER_ANGSTROM_METRE * (PRIMARY_PATH + SECONDARY_PATH))
    wavelength = (edges[1:] + edges[:-1]) / 2
    q = 4 * np.pi * np.sin(np.radians(theta)) / wavelength
    layers = sample['layers']
    reflectivity = smeared(layers, q) if layers else np.ones_like(q)
    beam = 8.0e6 * opening * exposure.proton_charge * _white(PRIMARY_PATH + SECONDARY_PATH)
    background = 0.012 * exposure.proton_charge
    point_detector = poisson(beam * reflectivity + beam.mean() * 2e-7 + background, rng)
    second_detector = poisson(np.full_like(beam, background), rng)
    return TofHistograms(
        TOF_EDGES.astype(np.float32), np.stack([point_detector, second_detector]), np.array([4, 5]), np.array([4, 5]),
        # the real instrument writes no geometry worth the name either
        np.full(2, 90.0), np.full(2, 0.25), np.zeros(2), tuple(monitors))


def _white(flight_path: float) -> np.ndarray:
    edges = TOF_EDGES / (TOF_PER_ANGSTROM_METRE * flight_path)
    shape = _beam((edges[1:] + edges[:-1]) / 2) * np.diff(edges)
    return shape / shape.sum()
