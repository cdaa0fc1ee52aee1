import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { alignLines } from './align-lines.ts'
import { axesFor, scalesFor, type Look } from './panel-axes.ts'
import { drawErrorBars } from './draw-error-bars.ts'
import { drawMap } from './draw-map.ts'
import type { ColourScale } from './cividis.ts'
import type { LineTrace, Panel } from './figure.ts'
import { logSafe } from './log-safe.ts'

export type { Look } from './panel-axes.ts'

/** Where the cursor is: its place on the axes, and each line's value there. */
export type Reading =
  { readonly x: number; readonly y: number; readonly values: readonly (number | null | undefined)[] } | undefined

export type PanelDrawing = {
  readonly resize: (width: number, height: number) => void
  readonly show: (line: number, isShown: boolean) => void
  /** Above 1 looks closer, below 1 from farther away. */
  readonly zoom: (factor: number) => void
  readonly reset: () => void
  readonly moveCursor: (steps: number) => void
  readonly picture: (ground: string) => Promise<Blob | null>
  readonly destroy: () => void
}

export type PanelOptions = {
  readonly width: number
  readonly height: number
  readonly look: Look
  readonly isShown: readonly boolean[]
  readonly colours: ColourScale | undefined
  readonly onReading: (reading: Reading) => void
  readonly onZoom: (isZoomed: boolean) => void
}

const seriesFor = (line: LineTrace, place: number, isShown: boolean, look: Look): uPlot.Series => {
  const colour = look.lines[place % look.lines.length] ?? look.text
  return {
    label: line.name,
    scale: line.side === 'right' ? 'right' : 'y',
    show: isShown,
    stroke: colour,
    width: line.style.bars ? 0 : 1.5,
    ...(line.style.dashed && { dash: [6, 5] }),
    ...(line.style.bars && { fill: colour, paths: uPlot.paths.bars?.({ size: [0.7, 60] }) }),
    ...(!line.style.bars && !line.style.line && { paths: () => null }),
    points: { show: line.style.points, size: line.x.length > 400 ? 3.5 : 5, fill: colour, width: 0 },
  }
}

/** Draws one panel into an element. Lazily loaded: this module brings uPlot along. */
export const drawPanel = (target: HTMLElement, panel: Panel, options: PanelOptions): PanelDrawing => {
  const isLog = (line: LineTrace): boolean => (line.side === 'right' ? panel.right : panel.left)?.scale === 'log'
  const lines = panel.lines.map((line) => logSafe(line, panel.x.scale === 'log', isLog(line)))
  const aligned = alignLines(lines)
  const edges = panel.map?.xEdges
  const x = edges ? [edges[0] ?? 0, edges.at(-1) ?? 1] : aligned.x
  const ys = edges ? [[null, null]] : aligned.ys
  /** Filled once the first drawing is done; the hooks run during it already. */
  const start: { ranges?: { x: uPlot.Range.MinMax; y: uPlot.Range.MinMax } } = {}
  const rangeOf = (plot: uPlot, key: string): uPlot.Range.MinMax => [
    plot.scales[key]?.min ?? 0,
    plot.scales[key]?.max ?? 1,
  ]

  const plot = new uPlot(
    {
      width: options.width,
      height: options.height,
      scales: scalesFor(panel),
      axes: axesFor(panel, options.look),
      legend: { show: false },
      padding: [10, panel.right ? 0 : 14, 0, 0],
      cursor: {
        drag: { x: true, y: true, uni: 40, setScale: true },
        points: { size: 7, width: 1.5, fill: options.look.ground },
        focus: { prox: -1 },
      },
      series: [
        {},
        ...(edges
          ? [{ scale: 'y', show: true, points: { show: false } }]
          : lines.map((line, place) => seriesFor(line, place, options.isShown[place] ?? true, options.look))),
      ],
      hooks: {
        drawAxes: [(drawn) => panel.map && options.colours && drawMap(drawn, panel.map, options.colours)],
        draw: [(drawn) => drawErrorBars(drawn, lines, options.look)],
        // Scales are settled a moment after the drawing is made.
        ready: [
          (drawn) => {
            start.ranges = { x: rangeOf(drawn, 'x'), y: rangeOf(drawn, 'y') }
          },
        ],
        setCursor: [
          (drawn) => {
            const { left, top, idx } = drawn.cursor
            if (left === undefined || top === undefined || left < 0 || (idx === null && !edges))
              return options.onReading(undefined)
            const at =
              edges || idx === null || idx === undefined ? drawn.posToVal(left, 'x') : (drawn.data[0][idx] ?? 0)
            const values = edges
              ? []
              : drawn.data.slice(1).map((column) => (idx === null || idx === undefined ? null : column[idx]))
            options.onReading({ x: at, y: drawn.posToVal(top, 'y'), values })
          },
        ],
        setScale: [
          (drawn) => {
            if (!start.ranges) return
            const now = { x: rangeOf(drawn, 'x'), y: rangeOf(drawn, 'y') }
            options.onZoom(JSON.stringify(now) !== JSON.stringify(start.ranges))
          },
        ],
      },
    },
    [x, ...ys] as uPlot.AlignedData,
    target,
  )

  const set = (ranges: { x: uPlot.Range.MinMax; y: uPlot.Range.MinMax }): void =>
    plot.batch(() => {
      plot.setScale('x', { min: ranges.x[0] ?? 0, max: ranges.x[1] ?? 1 })
      plot.setScale('y', { min: ranges.y[0] ?? 0, max: ranges.y[1] ?? 1 })
    })
  return {
    resize: (width, height) => plot.setSize({ width, height }),
    show: (line, isShown) => plot.setSeries(line + 1, { show: isShown }),
    zoom: (factor) => {
      // In pixels, so that it is right on logarithmic axes too.
      const { width } = plot.over.getBoundingClientRect()
      const margin = (width * (1 - 1 / factor)) / 2
      const ends = [plot.posToVal(margin, 'x'), plot.posToVal(width - margin, 'x')].sort((left, right) => left - right)
      if (ends.every(Number.isFinite)) plot.setScale('x', { min: ends[0] ?? 0, max: ends[1] ?? 1 })
    },
    reset: () => start.ranges && set(start.ranges),
    moveCursor: (steps) => {
      const count = plot.data[0].length
      const idx = plot.cursor.idx ?? Math.floor(count / 2)
      const next = Math.min(count - 1, Math.max(0, idx + steps))
      const value = plot.data[0][next]
      const y = plot.data
        .slice(1)
        .map((column) => column[next])
        .find((candidate) => typeof candidate === 'number')
      if (value !== undefined)
        plot.setCursor({
          left: plot.valToPos(value, 'x'),
          top: typeof y === 'number' ? plot.valToPos(y, 'y') : plot.over.clientHeight / 2,
        })
    },
    picture: (ground) => {
      const copy = document.createElement('canvas')
      copy.width = plot.ctx.canvas.width
      copy.height = plot.ctx.canvas.height
      const context = copy.getContext('2d')
      if (!context) return Promise.resolve(null)
      context.fillStyle = ground
      context.fillRect(0, 0, copy.width, copy.height)
      context.drawImage(plot.ctx.canvas, 0, 0)
      return new Promise((resolve) => copy.toBlob(resolve))
    },
    destroy: () => plot.destroy(),
  }
}
