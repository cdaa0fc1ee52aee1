"""What muon spins do, and fitting it: least squares after Levenberg and Marquardt."""

import numpy as np

GYROMAGNETIC_RATIO = 0.01355342  # MHz per gauss

# for each model: names and units of its parameters, and its asymmetry at times t
MODELS = {
    'rotation': (
        [('asymmetry', ''), ('rate', '/\u00b5s'), ('baseline', ''), ('field', 'G'), ('phase', 'rad')],
        lambda t, a, rate, base, field, phase:
            a * np.cos(2 * np.pi * GYROMAGNETIC_RATIO * field * t + phase) * np.exp(-0.5 * (rate * t) ** 2) + base),
    'exponential': (
        [('asymmetry', ''), ('rate', '/\u00b5s'), ('baseline', '')],
        lambda t, a, rate, base: a * np.exp(-rate * t) + base),
    'kubo-toyabe': (
        [('asymmetry', ''), ('rate', '/\u00b5s'), ('baseline', '')],
        lambda t, a, rate, base: a * (1 / 3 + 2 / 3 * (1 - (rate * t) ** 2) * np.exp(-0.5 * (rate * t) ** 2)) + base),
}


def fit(model, t, y, error, start):
    """Parameters, their errors and chi squared per degree of freedom."""
    _, function = MODELS[model]
    parameters, damping = np.array(start, float), 1e-2

    def residuals(at):
        return (y - function(t, *at)) / error

    best = residuals(parameters)
    for _ in range(200):
        steps = 1e-6 * np.maximum(np.abs(parameters), 1e-3)
        slopes = np.stack([(residuals(parameters + step) - best) / step.sum() for step in np.diag(steps)], axis=1)
        normal = slopes.T @ slopes
        move = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), -slopes.T @ best)
        tried = residuals(parameters + move)
        if tried @ tried < best @ best:
            gained = best @ best - tried @ tried
            parameters, best, damping = parameters + move, tried, damping / 5
            if gained < 1e-7 * (best @ best):
                break
        else:
            damping *= 4
            if damping > 1e12:
                break
    errors = np.sqrt(np.abs(np.diag(np.linalg.pinv(normal))))
    return parameters, errors, best @ best / max(len(t) - len(parameters), 1)
