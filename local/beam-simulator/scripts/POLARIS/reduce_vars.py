standard_vars = {
    'banks': [3, 4, 5],
    'bin width': 0.001,
    'd-min': 0.4,
    'd-max': None,
    'vanadium_run': None,
    'normalise by monitor': False,
    'sample': '',
}

advanced_vars = {
    'L1': 14.0,
    'bank angles': {'1': [6, 15], '2': [18, 36], '3': [40, 67], '4': [75, 114], '5': [130, 168]},
    'smallest coverage': 0.5,
    'smoothing-of-vanadium': 81,
    'log axis': True,
}

variable_help = {
    'standard_vars': {
        'banks': 'Which of the banks 1 (forward) to 5 (back scattering) to focus.',
        'bin width': 'Logarithmic bin width: the ratio of step to d-spacing.',
        'd-min': 'Smallest d-spacing, in angstrom.',
        'd-max': 'Largest d-spacing, in angstrom, or None for all that a bank sees.',
        'vanadium_run': 'Run number of a vanadium rod in the same data folder to divide by, or None.',
        'normalise by monitor': 'On: by the counts of monitor 1. Off: by proton charge.',
        'sample': 'A name for the figures; empty for the title of the run.',
    },
    'advanced_vars': {
        'L1': 'Flight path from the moderator to the sample, in metres.',
        'bank angles': 'Smallest and largest scattering angle of each bank, in degrees.',
        'smallest coverage': 'Leave out bins that fewer than this share of the bank has seen.',
        'smoothing-of-vanadium': 'Bins over which the vanadium pattern is averaged.',
        'log axis': 'Logarithmic d-spacing in the figures.',
    },
}
