/** Cividis: even to the eye and to colour-blind eyes, in eleven steps with straight lines between them. */
const stops: readonly (readonly [number, number, number])[] = [
  [0x00, 0x22, 0x4e],
  [0x08, 0x33, 0x70],
  [0x35, 0x45, 0x6c],
  [0x4f, 0x57, 0x6c],
  [0x66, 0x69, 0x70],
  [0x7d, 0x7c, 0x78],
  [0x94, 0x8e, 0x77],
  [0xae, 0xa3, 0x71],
  [0xc8, 0xb8, 0x66],
  [0xe5, 0xcf, 0x52],
  [0xfe, 0xe8, 0x38],
]

/** `share` from 0 to 1. */
export const cividis = (share: number): readonly [number, number, number] => {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1)
  const low = stops[Math.floor(at)] ?? [0, 0, 0]
  const high = stops[Math.ceil(at)] ?? low
  const part = at - Math.floor(at)
  const mix = (from: number, to: number): number => Math.round(from + (to - from) * part)
  return [mix(low[0], high[0]), mix(low[1], high[1]), mix(low[2], high[2])]
}

export type ColourScale = { readonly min: number; readonly max: number; readonly shareOf: (value: number) => number }

/** The scale over all values of a map; a logarithmic one starts at the smallest value above zero. */
export const colourScale = (z: readonly (readonly (number | null)[])[], isLog: boolean): ColourScale => {
  let min = Infinity
  let max = -Infinity
  for (const row of z) {
    for (const value of row) {
      if (value === null || (isLog && value <= 0)) continue
      if (value < min) min = value
      if (value > max) max = value
    }
  }
  if (!(max > min))
    return { min: Number.isFinite(min) ? min : 0, max: Number.isFinite(max) ? max : 0, shareOf: () => 0.5 }
  const place = isLog ? Math.log : (value: number): number => value
  const low = place(min)
  const span = place(max) - low
  return { min, max, shareOf: (value) => (isLog && value <= 0 ? 0 : (place(value) - low) / span) }
}
