import { cividis, type ColourScale } from './cividis.ts'
import type { MapTrace } from './figure.ts'

/** The map as a picture, one pixel a cell, first row at the bottom; gaps are clear. */
export const mapPicture = (map: MapTrace, scale: ColourScale): HTMLCanvasElement => {
  const rows = map.z.length
  const columns = map.z[0]?.length ?? 0
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, columns)
  canvas.height = Math.max(1, rows)
  const context = canvas.getContext('2d')
  if (!context || rows === 0 || columns === 0) return canvas
  const picture = context.createImageData(columns, rows)
  for (const [row, values] of map.z.entries()) {
    for (const [column, value] of values.entries()) {
      if (value === null) continue
      picture.data.set([...cividis(scale.shareOf(value)), 255], ((rows - 1 - row) * columns + column) * 4)
    }
  }
  context.putImageData(picture, 0, 0)
  return canvas
}

/** Which cell a place lies in; undefined outside. */
export const cellAt = (edges: readonly number[], value: number): number | undefined => {
  let low = 0
  let high = edges.length - 1
  if (!(value >= (edges[low] ?? 0)) || !(value < (edges[high] ?? 0))) return undefined
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((edges[middle] ?? 0) <= value) low = middle
    else high = middle
  }
  return low
}
