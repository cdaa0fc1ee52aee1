import { png } from './png.ts'

const noise = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296 - 0.5
  }
}
const range = (count: number): number[] => Array.from({ length: count }, (_, place) => place)

const peaks = [
  [0.956, 30],
  [1.04, 12],
  [1.105, 95],
  [1.21, 32],
  [1.24, 20],
  [1.353, 62],
  [1.562, 22],
  [1.632, 30],
  [1.913, 310],
] as const

/** CeO2 in d-spacing, two banks, as a focusing script writes it. */
export const diffraction = (): unknown => {
  const random = noise(7)
  const x = range(900).map((place) => 0.95 + place * 0.00125)
  const counts = (base: number, width: number): number[] =>
    x.map(
      (d) =>
        base +
        random() * 2.2 +
        peaks.reduce((sum, [at, height]) => sum + height * Math.exp(-(((d - at) / width) ** 2)), 0),
    )
  return {
    data: [
      { type: 'scatter', mode: 'lines', name: 'North bank', x, y: counts(6, 0.0042) },
      { type: 'scatter', mode: 'lines', name: 'South bank', x, y: counts(34, 0.0047) },
    ],
    layout: {
      title: { text: 'Focused, both banks' },
      xaxis: { title: { text: 'd-spacing (Å)' } },
      yaxis: { title: { text: 'Counts per µA·h' } },
    },
  }
}

/** A reflectivity curve: both axes logarithmic, error bars. */
export const reflectivity = (): unknown => {
  const random = noise(3)
  const q = range(120).map((place) => 0.008 * 1.028 ** place)
  const y = q.map(
    (value) => Math.min(1, (0.012 / value) ** 4 * (1 + 0.65 * Math.cos(value * 620))) * (1 + random() * 0.08) + 2e-7,
  )
  return {
    data: [
      {
        type: 'scatter',
        mode: 'markers',
        name: 'D2O, 0.7°',
        x: q,
        y,
        error_y: { type: 'data', array: y.map((value) => value * 0.06 + 5e-8) },
      },
      {
        type: 'scatter',
        mode: 'lines',
        name: 'model',
        line: { dash: 'dash' },
        x: q,
        y: q.map((value) => Math.min(1, (0.012 / value) ** 4) + 2e-7),
      },
    ],
    layout: {
      title: 'Reflectivity',
      xaxis: { type: 'log', title: 'Q (Å<sup>-1</sup>)' },
      yaxis: { type: 'log', title: 'R' },
    },
  }
}

/** Muon asymmetry over time with error bars. */
export const asymmetry = (): unknown => {
  const random = noise(11)
  const t = range(320).map((place) => 0.11 + place * 0.048)
  return {
    data: [
      {
        type: 'scatter',
        mode: 'markers',
        name: 'F - B',
        x: t,
        y: t.map((time) => 18 * Math.exp(-time / 6) * Math.cos(time * 1.7) + random() * (1 + time / 4)),
        error_y: { type: 'data', array: t.map((time) => 0.4 + time / 9) },
      },
    ],
    layout: { title: 'Asymmetry', xaxis: { title: 'Time (µs)' }, yaxis: { title: 'Asymmetry (%)' } },
  }
}

/** Small-angle scattering on a detector, as a map. */
export const map = (): unknown => {
  const random = noise(5)
  const x = range(96).map((place) => (place - 48) * 0.006)
  const y = range(80).map((place) => (place - 40) * 0.006)
  return {
    data: [
      {
        type: 'heatmap',
        x,
        y,
        z: y.map((qy) =>
          x.map((qx) => {
            const q = Math.hypot(qx, qy)
            return q < 0.02
              ? null
              : Math.max(
                  0.05,
                  900 * Math.exp(-q * 28) + 60 * Math.exp(-(((q - 0.14) / 0.02) ** 2)) * (1 + qx) + random() * 6,
                )
          }),
        ),
        colorbar: { title: 'I (cm<sup>-1</sup>)' },
      },
    ],
    layout: {
      title: 'Detector, 12 m',
      xaxis: { title: 'Q<sub>x</sub> (Å<sup>-1</sup>)' },
      yaxis: { title: 'Q<sub>y</sub> (Å<sup>-1</sup>)' },
    },
  }
}

/** A picture as matplotlib would save it: white ground, frame, one curve. */
export const picture = (phase: number): Buffer => {
  const width = 640
  const height = 400
  const curve = (x: number): number =>
    height - 60 - 250 * Math.exp(-(((x - 120 - phase * 160) / 26) ** 2)) - 20 * Math.sin(x / (22 + phase * 9)) ** 2
  return png(width, height, (x, y) => {
    const onFrame = (x === 60 || x === width - 20) && y > 20 && y < height - 40
    const onSide = (y === 20 || y === height - 40) && x > 60 && x < width - 20
    if (onFrame || onSide) return [60, 60, 60]
    const inside = x > 60 && x < width - 20 && y > 20 && y < height - 40
    if (inside && Math.abs(y - curve(x)) < 1.6 + Math.abs(curve(x) - curve(x + 1)) / 2) return [0, 114, 178]
    return inside && ((x - 60) % 112 === 0 || (y - 20) % 68 === 0) ? [228, 228, 228] : [255, 255, 255]
  })
}
