"""The four instruments the simulator plays, by the name their archive folder carries."""

from __future__ import annotations

from .enginx import ENGINX
from .inter import INTER
from .musr import MUSR
from .polaris import POLARIS

INSTRUMENTS = (ENGINX, INTER, POLARIS, MUSR)
