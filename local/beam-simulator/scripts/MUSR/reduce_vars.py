from collections import OrderedDict

standard_vars = OrderedDict([
    ('fit', 'auto'),
    ('alpha', None),
    ('first good time', 0.15),
    ('last good time', 14.0),
    ('bin-width', 0.064),
    ('dead time correction', True),
])

advanced_vars = {
    'forward group': 1,
    'backward group': 2,
    'exclude detectors': [],
    'alpha without field': 1.05,
    'start values': {'asymmetry': 0.2, 'rate': 0.2, 'baseline': 0.0},
    'fitted line': True,
}

variable_help = {
    'standard_vars': {
        'fit': 'rotation, exponential, kubo-toyabe, none, or auto: rotation in a field above 5 G, else exponential.',
        'alpha': 'Balance of forward to backward counts. None: estimated from the run if its field is transverse.',
        'first good time': 'Leave out what comes before, in microseconds after the muons.',
        'last good time': 'Leave out what comes after, in microseconds after the muons.',
        'bin-width': 'Width of the time bins, in microseconds.',
        'dead time correction': 'Correct for positrons that came while a detector was busy.',
    },
    'advanced_vars': {
        'forward group': 'Number of the detector group that looks forward.',
        'backward group': 'Number of the detector group that looks backward.',
        'exclude detectors': 'Detector numbers to leave out, from 1.',
        'alpha without field': 'Alpha where it cannot be estimated, from the last silver calibration.',
        'start values': 'Where the fit begins.',
        'fitted line': 'Draw the fitted line.',
    },
}
