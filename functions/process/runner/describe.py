"""What of the file system an interpreter and its packages need, for whoever shows a script only that much."""

import json
import os
import sys


def describe():
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    needed = prefixes | {os.path.abspath(place) for place in sys.path if place} | links_to(sys.executable)
    paths = sorted(path for path in needed if os.path.exists(path) and path != os.sep)
    print(json.dumps({"paths": paths, "marks": sorted(path for path in marks(prefixes) if os.path.exists(path))}))
    return 0


def marks(prefixes):
    """What has another time when a package was installed, upgraded or removed, or Python itself was: by pip, conda or the system."""
    packages = {place for place in sys.path if os.path.basename(place) in ("site-packages", "dist-packages")}
    made = {os.path.join(prefix, name) for prefix in prefixes for name in ("pyvenv.cfg", "conda-meta")}
    return packages | made | {os.path.realpath(sys.executable)}


def links_to(program):
    """Where a program is, and every place its links lead through."""
    places = set()
    while program not in places and len(places) < 20:
        places.add(program)
        if not os.path.islink(program):
            break
        program = os.path.normpath(os.path.join(os.path.dirname(program), os.readlink(program)))
    # A folder of programs, not one: what is started beside it (pip, h5dump) is of the same environment.
    return {os.path.dirname(place) for place in places}


def list_fonts():
    """matplotlib takes seconds to list the machine's fonts; scripts get a copy of the list."""
    cache = os.environ.get("MPLCONFIGDIR")
    if cache and not os.listdir(cache):
        try:
            import matplotlib.font_manager  # noqa: F401
        except ImportError:
            pass
    return 0
