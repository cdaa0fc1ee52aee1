"""Powder lines of cubic crystals: where they lie and how strong they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

FACE_CENTRED = ((0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0))
BODY_CENTRED = ((0, 0, 0), (0.5, 0.5, 0.5))
PRIMITIVE = ((0, 0, 0),)


@dataclass(frozen=True)
class Crystal:
    """Lattice parameter (angstrom, at 293 K), expansion per kelvin; scattering length (fm) and place of each atom."""

    name: str
    lattice_parameter: float
    expansion: float
    lattice: tuple
    basis: tuple


def _octahedron(element: float, x: float) -> tuple:
    sites = [(x, 0.5, 0.5), (-x, 0.5, 0.5), (0.5, x, 0.5), (0.5, -x, 0.5), (0.5, 0.5, x), (0.5, 0.5, -x)]
    return tuple((element, site) for site in sites)


CERIA = Crystal('CeO2', 5.4113, 11.0e-6, FACE_CENTRED,
                ((4.84, (0, 0, 0)), (5.805, (0.25, 0.25, 0.25)), (5.805, (0.75, 0.75, 0.75))))
SILICON = Crystal('Si', 5.4311, 2.6e-6, FACE_CENTRED, ((4.149, (0, 0, 0)), (4.149, (0.25, 0.25, 0.25))))
ALUMINIUM = Crystal('Al', 4.0495, 23.1e-6, FACE_CENTRED, ((3.449, (0, 0, 0)),))
FERRITE = Crystal('Fe', 2.8665, 11.8e-6, BODY_CENTRED, ((9.45, (0, 0, 0)),))
AUSTENITE = Crystal('316L', 3.5980, 16.0e-6, FACE_CENTRED, ((9.5, (0, 0, 0)),))
LANTHANUM_HEXABORIDE = Crystal('LaB6', 4.1569, 6.2e-6, PRIMITIVE, ((8.24, (0, 0, 0)), *_octahedron(6.65, 0.1998)))


def lattice_parameter(crystal: Crystal, temperature: float = 293.0, strain: float = 0.0) -> float:
    return crystal.lattice_parameter * (1 + crystal.expansion * (temperature - 293.0)) * (1 + strain)


def reflections(crystal: Crystal, a: float, smallest_d: float) -> list[tuple[float, float, tuple[int, int, int]]]:
    """(d in angstrom, multiplicity x structure factor squared, hkl), the longest d first."""
    largest = int(a / smallest_d) + 1
    lines: dict[int, list] = {}
    for h, k, l in product(range(largest, -1, -1), repeat=3):
        squares = h * h + k * k + l * l
        if not (h >= k >= l) or squares == 0 or a / squares**0.5 < smallest_d:
            continue
        factor = sum(b * np.exp(2j * np.pi * np.dot((h, k, l), np.add(site, centre)))
                     for b, site in crystal.basis for centre in crystal.lattice)
        multiplicity = len({p for p in permutations((h, k, l))}) * 2 ** sum(index > 0 for index in (h, k, l))
        strength = multiplicity * abs(factor) ** 2
        if strength > 1e-3:
            lines.setdefault(squares, [a / squares**0.5, 0.0, (h, k, l)])[1] += strength
    return [tuple(lines[squares]) for squares in sorted(lines)]
