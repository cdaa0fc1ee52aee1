"""Counts of a time-of-flight powder diffractometer: Bragg's law, the moderator's spectrum, Poisson's noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .crystals import Crystal, lattice_parameter, reflections
from .run_record import Exposure, Monitor, Plan, TofHistograms, poisson

# microseconds per metre and angstrom: t = 252.778 * L * lambda
TOF_PER_ANGSTROM_METRE = 252.778
# area of the strongest line, in angstrom of background
LINE_AREA = 0.6


@dataclass(frozen=True)
class Bank:
    first_spectrum: int
    two_theta: np.ndarray  # degrees, one a spectrum
    secondary_path: np.ndarray
    azimuth: float
    resolution: float  # sigma(d) / d


@dataclass(frozen=True)
class Diffractometer:
    primary_path: float  # metres
    tof_edges: np.ndarray
    banks: tuple[Bank, ...]
    monitors: tuple[tuple[int, float], ...]  # spectrum, metres from the sample
    counts_per_uah: float  # per bank, summed over it
    monitor_counts_per_uah: float


def incident_flux(wavelength: np.ndarray) -> np.ndarray:
    """A methane moderator: a Maxwellian hump at low energies joined to an epithermal tail. Arbitrary units."""
    hump = 2.4
    maxwellian = (hump / wavelength) ** 5 * np.exp(-((hump / wavelength) ** 2)) * 2.2
    return maxwellian + 0.55 / wavelength / (1 + np.exp(np.minimum((wavelength - 1.6) / 0.25, 50)))


def _line_profile(d: np.ndarray, centre: float, sigma: float) -> np.ndarray:
    """A Gaussian that falls slower towards long times, as the moderator makes it; its top stays at `centre`."""
    width = np.where(d < centre, sigma, 1.35 * sigma)
    return np.exp(-0.5 * ((d - centre) / width) ** 2) / (sigma * 1.175 * np.sqrt(2 * np.pi))


def _cross_section(crystal: Crystal | None, a: float, resolution: float, d: np.ndarray) -> np.ndarray:
    """Scattering per unit of d: incoherent background (1) plus the crystal's lines, thermally damped."""
    pattern = np.full_like(d, 1.0)
    if crystal is None:  # vanadium
        return pattern
    lines = [(centre, strength * centre**4 * np.exp(-0.45 / (2 * centre**2)))
             for centre, strength, _ in reflections(crystal, a, 0.45)]
    strongest = max(weight for centre, weight in lines if centre < 2.6)
    for centre, weight in lines:
        near = np.abs(d - centre) < 8 * resolution * centre
        pattern[near] += LINE_AREA * weight / strongest * _line_profile(d[near], centre, resolution * centre)
    return pattern


def diffract(machine: Diffractometer, plan: Plan, exposure: Exposure, rng: np.random.Generator) -> TofHistograms:
    """`plan.sample`: crystal (None for vanadium), temperature (K), strain (a number, or one a bank), brightness."""
    sample = plan.sample
    strains = np.broadcast_to(sample.get('strain', 0.0), len(machine.banks))
    counts, spectra, two_theta, paths, azimuth = [], [], [], [], []
    for bank, strain in zip(machine.banks, strains):
        crystal = sample['crystal']
        a = lattice_parameter(crystal, sample.get('temperature', 293.0), float(strain)) if crystal else 1.0
        flight_path = machine.primary_path + bank.secondary_path
        sine = np.sin(np.radians(np.abs(bank.two_theta)) / 2)
        d_edges = machine.tof_edges[None, :] / (TOF_PER_ANGSTROM_METRE * flight_path * 2 * sine)[:, None]
        grid = np.geomspace(d_edges.min() * 0.98, d_edges.max() * 1.02, 12000)
        pattern = _cross_section(crystal, a, bank.resolution, grid)
        integral = np.concatenate([[0], np.cumsum(pattern[:-1] * np.diff(grid))])
        in_bin = np.diff(np.interp(d_edges, grid, integral), axis=1)
        wavelength = (d_edges[:, 1:] + d_edges[:, :-1]) * sine[:, None]
        expected = in_bin * incident_flux(wavelength)
        flat = float(np.sum(np.diff(d_edges, axis=1) * incident_flux(wavelength)))
        efficiency = np.random.default_rng(bank.first_spectrum).normal(1.0, 0.04, len(sine))[:, None]
        dose = machine.counts_per_uah * exposure.proton_charge * sample.get('brightness', 1.0)
        counts.append(poisson(expected * efficiency * dose / flat, rng))
        spectra.append(bank.first_spectrum + np.arange(len(sine)))
        two_theta.append(bank.two_theta)
        paths.append(bank.secondary_path)
        azimuth.append(np.full(len(sine), bank.azimuth))
    numbers = np.concatenate(spectra)
    return TofHistograms(
        machine.tof_edges.astype(np.float32), np.concatenate(counts), numbers, 100000 + numbers,
        np.concatenate(two_theta), np.concatenate(paths), np.concatenate(azimuth),
        tuple(_monitor(machine, number, distance, exposure, rng) for number, distance in machine.monitors))


def _monitor(machine: Diffractometer, spectrum: int, distance: float, exposure: Exposure,
             rng: np.random.Generator) -> Monitor:
    flight_path = machine.primary_path + distance
    edges = machine.tof_edges / (TOF_PER_ANGSTROM_METRE * flight_path)
    shape = incident_flux((edges[1:] + edges[:-1]) / 2) * np.diff(edges)
    scale = machine.monitor_counts_per_uah * exposure.proton_charge * (1.0 if distance < 0 else 0.05)
    return Monitor(spectrum, distance, poisson(shape / shape.sum() * scale, rng))
