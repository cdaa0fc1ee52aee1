/**
 * What becomes of a run number that the archive announced.
 * `due`: seen, not yet tried; `waiting`: its file is not usable yet; `submitted`: a reduction is recorded;
 * `given-up`: the deadline passed; `dismissed`: a person said it will not come.
 */
export const detectionStates = ['due', 'waiting', 'submitted', 'given-up', 'dismissed'] as const
export type DetectionState = (typeof detectionStates)[number]

const legalChanges: Readonly<Record<DetectionState, readonly DetectionState[]>> = {
  due: ['waiting', 'submitted', 'given-up', 'dismissed'],
  waiting: ['due', 'waiting', 'submitted', 'given-up', 'dismissed'],
  'given-up': ['due', 'dismissed', 'submitted'],
  dismissed: ['due', 'submitted'],
  submitted: [],
}

export const canDetectionChange = (from: DetectionState, to: DetectionState): boolean => legalChanges[from].includes(to)
