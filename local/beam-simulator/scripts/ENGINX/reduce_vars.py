standard_vars = {
    'd range': [0.8, 2.45],
    'bin-width': 0.0006,
    'banks': ['north', 'south'],
    'normalise by': 'proton charge',
    'vanadium_run': None,
    'subtract-background': False,
}

advanced_vars = {
    'L1': 50.0,
    'skip spectra': [],
    'background passes': 40,
    'label peaks': True,
}

variable_help = {
    'standard_vars': {
        'd range': 'Smallest and largest d-spacing of the focused patterns, in angstrom.',
        'bin-width': 'Logarithmic bin width: the ratio of step to d-spacing.',
        'banks': 'Which banks to focus: north (positive scattering angles), south, or both.',
        'normalise by': 'One of: proton charge, monitor, none.',
        'vanadium_run': 'Run number of a vanadium rod in the same data folder to divide by, or None.',
        'subtract-background': 'Take away a smooth background from under the peaks.',
    },
    'advanced_vars': {
        'L1': 'Flight path from the moderator to the sample, in metres.',
        'skip spectra': 'Spectrum numbers to leave out, such as noisy detectors: [17, 230].',
        'background passes': 'Width of the background filter, in bins. Larger follows the data less.',
        'label peaks': 'Write the d-spacing over the strongest peaks in the figure.',
    },
}
