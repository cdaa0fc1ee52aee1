/** What the portal draws of a Plotly figure: panels of lines or of one map, in plain numbers. */
export type AxisScale = 'linear' | 'log' | 'time'

export type Axis = {
  readonly title: string | undefined
  readonly scale: AxisScale
  /** In the axis' own units, also where the scale is logarithmic. */
  readonly range: readonly [number, number] | undefined
  /** Texts along the axis; a point's place is its index among them. */
  readonly categories: readonly string[] | undefined
  readonly isReversed: boolean
}

export type ErrorBars = { readonly minus: readonly (number | null)[]; readonly plus: readonly (number | null)[] }

export type LineTrace = {
  readonly name: string
  readonly x: readonly number[]
  readonly y: readonly (number | null)[]
  readonly style: { readonly line: boolean; readonly points: boolean; readonly bars: boolean; readonly dashed: boolean }
  readonly yErrors: ErrorBars | undefined
  readonly xErrors: ErrorBars | undefined
  readonly side: 'left' | 'right'
  readonly isHidden: boolean
}

/** `xEdges` and `yEdges` have one element more than `z` has columns and rows. */
export type MapTrace = {
  readonly name: string
  readonly xEdges: readonly number[]
  readonly yEdges: readonly number[]
  readonly z: readonly (readonly (number | null)[])[]
  readonly zTitle: string | undefined
}

export type Panel = {
  readonly title: string | undefined
  readonly x: Axis
  readonly left: Axis
  readonly right: Axis | undefined
  readonly lines: readonly LineTrace[]
  readonly map: MapTrace | undefined
}

export type Figure = {
  readonly title: string | undefined
  readonly panels: readonly Panel[]
  /** What is in the file and not drawn, in words; empty mostly. */
  readonly leftOut: readonly string[]
}
