type Reader = { readonly bytes: number; readonly read: (view: DataView, at: number) => number }

/** Typed arrays as plotly.py 6 writes them: `{"dtype": "f8", "bdata": base64, "shape": "rows, columns"}`, little-endian. */
const readers: Readonly<Record<string, Reader>> = {
  f8: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  f4: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  i4: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  u4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  i2: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  u2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u1c: { bytes: 1, read: (view, at) => view.getUint8(at) },
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const decode = (
  given: Readonly<Record<string, unknown>>,
): { values: unknown[]; columns: number | undefined } | undefined => {
  const { dtype, bdata, shape } = given
  const reader = typeof dtype === 'string' ? readers[dtype] : undefined
  if (!reader || typeof bdata !== 'string') return undefined
  let binary = ''
  try {
    binary = atob(bdata)
  } catch {
    return undefined
  }
  const view = new DataView(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer)
  const count = Math.floor(view.byteLength / reader.bytes)
  const values = Array.from({ length: count }, (_, place) => reader.read(view, place * reader.bytes))
  const sizes = typeof shape === 'string' ? shape.split(',').map(Number) : []
  return { values, columns: sizes.length === 2 ? sizes[1] : undefined }
}

/** A list of a figure, in any of Plotly's forms; undefined where there is none. */
export const listOf = (given: unknown): readonly unknown[] | undefined =>
  Array.isArray(given) ? given : isRecord(given) ? decode(given)?.values : undefined

/** Rows of a map, in any of Plotly's forms. */
export const rowsOf = (given: unknown): readonly (readonly unknown[])[] | undefined => {
  if (Array.isArray(given)) {
    const rows = given.map(listOf)
    return rows.every((row) => row !== undefined) ? rows : undefined
  }
  const flat = isRecord(given) ? decode(given) : undefined
  const columns = flat?.columns
  if (!flat || !columns) return undefined
  return Array.from({ length: Math.floor(flat.values.length / columns) }, (_, row) =>
    flat.values.slice(row * columns, (row + 1) * columns),
  )
}

/** A finite number, or null: gaps, NaN and infinities are not drawn. */
export const numberOrGap = (value: unknown): number | null => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}
