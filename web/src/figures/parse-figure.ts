import type { Figure, LineTrace, Panel } from './figure.ts'
import { parseLine } from './parse-line.ts'
import { parseMap } from './parse-map.ts'
import { parseAxis, placingFor, textOf, type Placing } from './parse-axis.ts'
import { isRecord, listOf } from './plotly-arrays.ts'

type Part = Readonly<Record<string, unknown>>

const lineKinds = new Set(['scatter', 'scattergl', 'bar'])
const mapKinds = new Set(['heatmap', 'heatmapgl', 'contour', 'image'])

const kindOf = (trace: Part): string => (typeof trace['type'] === 'string' ? trace['type'] : 'scatter')
const axisName = (trace: Part, key: 'xaxis' | 'yaxis'): string => {
  const name = trace[key]
  return typeof name === 'string' && /^[xy][0-9]*$/.test(name) ? name : key.charAt(0)
}
/** `y2` is described by `layout.yaxis2`. */
const axisLayout = (layout: Part, name: string): Part => {
  const found = layout[`${name.charAt(0)}axis${name.slice(1)}`]
  return isRecord(found) ? found : {}
}

/** The axis a second one lies over: traces of both share a panel, the second on its right. */
const panelOf = (layout: Part, trace: Part): string => {
  const own = axisName(trace, 'yaxis')
  const over = axisLayout(layout, own)['overlaying']
  return `${axisName(trace, 'xaxis')} ${typeof over === 'string' ? over : own}`
}

const valuesOn = (traces: readonly Part[], key: 'x' | 'y'): readonly unknown[] =>
  traces.flatMap((trace) => [...(listOf(trace[key]) ?? [])])

const parsePanel = (layout: Part, traces: readonly Part[], numberFrom: number): Panel => {
  const first = traces[0] ?? {}
  const leftName = panelOf(layout, first).split(' ')[1] ?? 'y'
  const rightName = traces.map((trace) => axisName(trace, 'yaxis')).find((name) => name !== leftName)
  const xLayout = axisLayout(layout, axisName(first, 'xaxis'))
  const onSide = (name: string | undefined): readonly Part[] =>
    traces.filter((trace) => axisName(trace, 'yaxis') === name)
  const xPlacing = placingFor(xLayout, valuesOn(traces, 'x'))
  const leftPlacing = placingFor(axisLayout(layout, leftName), valuesOn(onSide(leftName), 'y'))
  const rightPlacing: Placing | undefined =
    rightName === undefined ? undefined : placingFor(axisLayout(layout, rightName), valuesOn(onSide(rightName), 'y'))
  const lines: LineTrace[] = []
  for (const [place, trace] of traces.entries()) {
    if (!lineKinds.has(kindOf(trace)) || trace['visible'] === false) continue
    const isRight = axisName(trace, 'yaxis') !== leftName
    const name = textOf(trace['name']) ?? `trace ${numberFrom + place}`
    lines.push({
      ...parseLine(trace, xPlacing, isRight && rightPlacing ? rightPlacing : leftPlacing),
      name,
      side: isRight ? 'right' : 'left',
    })
  }
  const mapTrace = traces.find((trace) => mapKinds.has(kindOf(trace)) && trace['visible'] !== false)
  return {
    title: undefined,
    x: parseAxis(xLayout, xPlacing),
    left: parseAxis(axisLayout(layout, leftName), leftPlacing),
    right: rightName !== undefined && rightPlacing ? parseAxis(axisLayout(layout, rightName), rightPlacing) : undefined,
    lines,
    map: mapTrace && parseMap(mapTrace, xPlacing, leftPlacing),
  }
}

/** A Plotly figure (`{data, layout}`) as the portal draws it; a fault in words where the file is none. */
export const parseFigure = (json: unknown): { readonly figure: Figure } | { readonly fault: string } => {
  if (!isRecord(json) || !Array.isArray(json['data']))
    return { fault: 'This file is no Plotly figure: it has no list called “data”.' }
  const layout = isRecord(json['layout']) ? json['layout'] : {}
  const traces = json['data'].filter(isRecord)
  const drawn = traces.filter((trace) => lineKinds.has(kindOf(trace)) || mapKinds.has(kindOf(trace)))
  const groups = new Map<string, Part[]>()
  for (const trace of drawn) {
    const key = panelOf(layout, trace)
    groups.set(key, [...(groups.get(key) ?? []), trace])
  }
  let numberFrom = 1
  const panels: Panel[] = []
  for (const group of groups.values()) {
    panels.push(parsePanel(layout, group, numberFrom))
    numberFrom += group.length
  }
  const missing = [...new Set(traces.map(kindOf).filter((kind) => !lineKinds.has(kind) && !mapKinds.has(kind)))]
  const leftOut = missing.map((kind) => `A part of the kind “${kind}” is not drawn here; open the file to see it.`)
  const isEmpty = panels.every((panel) => panel.lines.length === 0 && !panel.map)
  if (isEmpty) return { fault: leftOut[0] ?? 'This figure has nothing in it.' }
  return { figure: { title: textOf(layout['title']), panels, leftOut } }
}
