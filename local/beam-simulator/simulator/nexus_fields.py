"""How ISIS writes single fields: everything is an array of one, text has a fixed length, units are an attribute."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np


def encode(value: str) -> bytes:
    """Text as the control system writes it: Latin-1, so that `µs` is no UTF-8; an empty text is one blank."""
    return (value or ' ').encode('latin-1', 'replace')


def set_attributes(thing: Any, attributes: dict) -> None:
    for name, value in attributes.items():
        thing.attrs[name] = np.bytes_(encode(value)) if isinstance(value, str) else value


def group(parent: h5py.Group, name: str, nexus_class: str, **attributes: Any) -> h5py.Group:
    made = parent.create_group(name)
    set_attributes(made, {'NX_class': nexus_class, **attributes})
    return made


def text(parent: h5py.Group, name: str, value: str, **attributes: Any) -> None:
    set_attributes(parent.create_dataset(name, data=np.array([encode(value)])), attributes)


def number(parent: h5py.Group, name: str, value: float, kind: Any = np.int32, **attributes: Any) -> None:
    set_attributes(parent.create_dataset(name, data=np.array([value], kind)), attributes)


def array(parent: h5py.Group, name: str, values: Any, kind: Any = None, **attributes: Any) -> h5py.Dataset:
    """An array, compressed where that is worth its overhead, in chunks of a few spectra where it is a histogram."""
    data = np.asarray(values, kind)
    options: dict[str, Any] = {}
    if data.size >= 100:
        chunks = (*(1,) * (data.ndim - 2), min(8, data.shape[-2]), data.shape[-1]) if data.ndim > 1 else data.shape
        options = {'chunks': chunks, 'compression': 'gzip', 'compression_opts': 1}
    made = parent.create_dataset(name, data=data, **options)
    set_attributes(made, attributes)
    return made


def link(parent: h5py.Group, name: str, target: h5py.Dataset) -> None:
    """A NeXus link: the same dataset under a second name, and its first name in the attribute `target`."""
    target.attrs['target'] = np.bytes_(target.name)
    parent[name] = target
