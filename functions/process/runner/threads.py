"""A zygote imports with one thread, since a fork takes only one along; a script gets as many as it would have had by itself."""

import ctypes
import os

# numpy's wheels rename the library's functions, each generation in its own way.
SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads64_", "openblas_set_num_threads")
VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def find():
    """The functions that set how many threads the loaded BLAS libraries use."""
    setters = []
    for path in libraries():
        try:
            library = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
        except OSError:
            continue
        found = [name for name in SETTERS if hasattr(library, name)]
        if found:
            setters.append(getattr(library, found[0]))
    return setters


def libraries():
    with open("/proc/self/maps", "rb") as file:
        paths = {os.fsdecode(line.split(None, 5)[5].strip()) for line in file if b"openblas" in line}
    return sorted(path for path in paths if path.startswith("/"))


def restore(setters):
    for set_threads in setters:
        set_threads(ctypes.c_int(wanted()))


def wanted():
    for name in VARIABLES[:2]:
        given = os.environ.get(name, "")
        if given.isdigit() and int(given) > 0:
            return int(given)
    return len(os.sched_getaffinity(0))
