import type uPlot from 'uplot'
import { cividis, type ColourScale } from './cividis.ts'
import type { MapTrace } from './figure.ts'
import { mapPicture } from './map-picture.ts'

const pictures = new WeakMap<MapTrace, { readonly scale: ColourScale; readonly canvas: HTMLCanvasElement }>()

const isEven = (edges: readonly number[]): boolean => {
  const span = ((edges.at(-1) ?? 0) - (edges[0] ?? 0)) / (edges.length - 1)
  return edges.every((edge, place) => Math.abs(edge - (edges[0] ?? 0) - span * place) < Math.abs(span) * 1e-3)
}

const pictureOf = (map: MapTrace, scale: ColourScale): HTMLCanvasElement => {
  const known = pictures.get(map)
  if (known?.scale === scale) return known.canvas
  const canvas = mapPicture(map, scale)
  pictures.set(map, { scale, canvas })
  return canvas
}

const drawCells = (plot: uPlot, map: MapTrace, scale: ColourScale): void => {
  const xs = map.xEdges.map((edge) => plot.valToPos(edge, 'x', true))
  const ys = map.yEdges.map((edge) => plot.valToPos(edge, 'y', true))
  for (const [row, values] of map.z.entries()) {
    for (const [column, value] of values.entries()) {
      if (value === null) continue
      const [left = 0, right = 0, low = 0, high = 0] = [xs[column], xs[column + 1], ys[row], ys[row + 1]]
      plot.ctx.fillStyle = `rgb(${cividis(scale.shareOf(value)).join(' ')})`
      // Half a pixel more on each side, or the ground shines through between cells.
      plot.ctx.fillRect(
        Math.min(left, right) - 0.5,
        Math.min(low, high) - 0.5,
        Math.abs(right - left) + 1,
        Math.abs(high - low) + 1,
      )
    }
  }
}

/** Draws a map below axes and cursor: as one stretched picture where its cells are even, else cell by cell. */
export const drawMap = (plot: uPlot, map: MapTrace, scale: ColourScale): void => {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  const isStraight = plot.scales['x']?.distr !== 3 && plot.scales['y']?.distr !== 3
  if (isStraight && isEven(map.xEdges) && isEven(map.yEdges)) {
    const left = plot.valToPos(map.xEdges[0] ?? 0, 'x', true)
    const right = plot.valToPos(map.xEdges.at(-1) ?? 1, 'x', true)
    const bottom = plot.valToPos(map.yEdges[0] ?? 0, 'y', true)
    const top = plot.valToPos(map.yEdges.at(-1) ?? 1, 'y', true)
    ctx.imageSmoothingEnabled = false
    ctx.translate(left, top)
    ctx.scale(Math.sign(right - left), Math.sign(bottom - top))
    ctx.drawImage(pictureOf(map, scale), 0, 0, Math.abs(right - left), Math.abs(bottom - top))
  } else drawCells(plot, map, scale)
  ctx.restore()
}
