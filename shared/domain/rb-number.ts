const smallestRbNumber = 1_000_000
const largestRbNumber = 9_999_999

/**
 * The experiment (RB) number of a run, or undefined where the text is none: an experiment has seven digits,
 * everything else (`0`, `-1`, `CAL_MARI_24_3`) is a calibration or commissioning run.
 */
export const parseRbNumber = (text: string): number | undefined => {
  const trimmed = text.trim()
  if (!/^[0-9]{7}$/.test(trimmed)) return undefined
  const rbNumber = Number(trimmed)
  return rbNumber >= smallestRbNumber && rbNumber <= largestRbNumber ? rbNumber : undefined
}
