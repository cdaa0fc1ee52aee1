standard_vars = {
    'wavelength range': [1.8, 15.0],
    'dQ/Q': 0.02,
    'theta': None,
    'normalise to critical edge': True,
    'subtract-background': False,
}

advanced_vars = {
    'I0 monitor': 3,
    'point detector': 4,
    'background detector': 5,
    'critical Q': 0.0125,
    'efficiency': 0.222,
    'flight paths': {'moderator to detector': 19.70, 'moderator to monitor': [6.960, 13.791, 16.785]},
    'plot': 'R',
}

variable_help = {
    'standard_vars': {
        'wavelength range': 'Wavelengths to keep, in angstrom.',
        'dQ/Q': 'Logarithmic bin width in Q.',
        'theta': 'Angle of incidence in degrees, or None to take it from the log Theta of each run.',
        'normalise to critical edge': 'Scale total reflection to 1 where the run reaches it.',
        'subtract-background': 'Subtract the counts of the background detector.',
    },
    'advanced_vars': {
        'I0 monitor': 'Number of the monitor that sees the incident beam.',
        'point detector': 'Spectrum of the detector that sees the reflected beam.',
        'background detector': 'Spectrum of the detector beside it.',
        'critical Q': 'Below this Q, in inverse angstrom, reflection counts as total.',
        'efficiency': 'Counts of the detector per count of the monitor in the direct beam.',
        'flight paths': 'Metres from the moderator to the detector and to monitors 1, 2, 3.',
        'plot': 'R, or RQ4 for the reflectivity times the fourth power of Q.',
    },
}
