/** Sentences that scientists read where a run is not reduced: what happened, and what they can do. One function a reason. */

export const noExperiment = (rbText: string | null): string =>
  rbText === null || rbText.trim() === ''
    ? 'The file names no experiment (RB number), so this counts as a calibration run. Only experiments are reduced.'
    : `“${rbText.trim()}” is not an experiment's RB number, which has seven digits, so this counts as a calibration run. Only experiments are reduced.`

export const instrumentInactive = (instrument: string): string =>
  `${instrument} is not active in this service. Its instrument scientists can have it switched on.`
