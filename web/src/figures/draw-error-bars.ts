import type uPlot from 'uplot'
import type { LineTrace } from './figure.ts'
import type { Look } from './panel-axes.ts'

/** More bars than this in view are a smear that hides the points. */
const mostBars = 3000

/** Error bars over the lines and points that are shown, cut at the frame. */
export const drawErrorBars = (plot: uPlot, lines: readonly LineTrace[], look: Look): void => {
  const { ctx, bbox } = plot
  for (const [place, line] of lines.entries()) {
    if ((!line.yErrors && !line.xErrors) || plot.series[place + 1]?.show === false) continue
    const scale = line.side === 'right' ? 'right' : 'y'
    const [low, high] = [plot.scales['x']?.min ?? -Infinity, plot.scales['x']?.max ?? Infinity]
    const bottom = plot.scales[scale]?.min ?? 0
    const inView = line.x.flatMap((x, at) => (x >= low && x <= high && line.y[at] !== null ? [at] : []))
    if (inView.length > mostBars) continue
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    ctx.beginPath()
    for (const at of inView) {
      const x = line.x[at] ?? 0
      const y = line.y[at] ?? 0
      const px = plot.valToPos(x, 'x', true)
      const py = plot.valToPos(y, scale, true)
      const up = line.yErrors?.plus[at]
      const down = line.yErrors?.minus[at]
      // On a logarithmic axis a bar that reaches zero goes to the frame.
      const lowest = down ? (plot.scales[scale]?.distr === 3 ? Math.max(y - down, bottom) : y - down) : y
      if (up || down) {
        ctx.moveTo(px, plot.valToPos(y + (up ?? 0), scale, true))
        ctx.lineTo(px, plot.valToPos(lowest, scale, true))
      }
      const right = line.xErrors?.plus[at]
      const left = line.xErrors?.minus[at]
      if (right || left) {
        ctx.moveTo(plot.valToPos(x - (left ?? 0), 'x', true), py)
        ctx.lineTo(plot.valToPos(x + (right ?? 0), 'x', true), py)
      }
    }
    ctx.strokeStyle = look.lines[place % look.lines.length] ?? look.text
    ctx.globalAlpha = 0.55
    ctx.lineWidth = devicePixelRatio
    ctx.stroke()
    ctx.restore()
  }
}
