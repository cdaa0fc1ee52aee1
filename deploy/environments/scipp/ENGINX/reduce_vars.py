standard_vars = {
    'banks': ['north', 'south'],
    'd range': [0.7, 3.4],
    'bin width': 0.0008,
    'normalise by': 'proton charge',
    'vanadium_run': None,
    'mask spectra': [],
    'label peaks': True,
}

advanced_vars = {
    'instrument': 'ENGINX',
    'L1': 50.0,
    'bank angles': {'north': [60.0, 120.0], 'south': [-120.0, -60.0]},
    'mask dead detectors': True,
    'mask noisier than': 5.0,
    'mask tof': [[19980.0, 20100.0], [39980.0, 40100.0], [59980.0, 60100.0]],
    'smallest coverage': 0.5,
    'monitor': 1,
    'smoothing-of-vanadium': 61,
}

variable_help = {
    'standard_vars': {
        'banks': 'Which banks to focus, each to a pattern of its own: north, south, or both.',
        'd range': 'Smallest and largest d-spacing, in angstrom. What the run does not reach is left out.',
        'bin width': 'Logarithmic bin width: the ratio of step to d-spacing.',
        'normalise by': 'One of: proton charge, monitor, none.',
        'vanadium_run': 'Run number of a vanadium rod in the same data folder to divide by, or None.',
        'mask spectra': 'Spectrum numbers to leave out, single or first and last: [17, [230, 240]].',
        'label peaks': 'Write the d-spacing over the strongest peaks in the figure.',
    },
    'advanced_vars': {
        'instrument': 'Files of any other are refused. Change it together with "L1", "bank angles" and "banks".',
        'L1': 'Metres from the moderator to the sample, where the raw file does not tell: ENGINX\'s do not.',
        'bank angles': 'Smallest and largest scattering angle of each bank, in degrees with the raw file\'s sign.',
        'mask dead detectors': 'Leave out spectra without a single count.',
        'mask noisier than': 'Leave out spectra with more than this many times their bank\'s median counts, or None.',
        'mask tof': 'Times of flight to leave out, in microseconds: [[from, to], ...]. The defaults are the '
                    'flashes of the proton pulses, every 20 ms.',
        'smallest coverage': 'Leave out bins of d-spacing that less than this share of a bank\'s detectors has seen.',
        'monitor': 'Number of the monitor for "normalise by": monitor.',
        'smoothing-of-vanadium': 'Bins over which the vanadium pattern is averaged before dividing by it.',
    },
}
