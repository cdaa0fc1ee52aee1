import type { ResultRange } from '#results/read-result.ts'
import type { NotOpened, PlaceInside } from '#results/open-inside.ts'
import { askResults, type OutOfReach, type ResultReaders } from './results-reading.ts'

/** Large enough that asking costs little, small enough that a reader is soon free for others. */
const chunkBytes = 1024 * 1024

export type ResultSource = {
  readonly read: (position: number, length: number) => Promise<ResultRange | NotOpened | OutOfReach>
}

export const resultSource = (readers: ResultReaders, instrument: string, place: PlaceInside): ResultSource => ({
  read: (position, length) =>
    askResults(instrument, (where) =>
      readers.call('readResultRange', { ...place, position, length }, { place: where }),
    ),
})

/**
 * A part of a file as a stream, read as fast as its reader takes it and no faster; no file stays open for a slow one. Fails where the
 * file becomes another meanwhile: half of each would be worse than nothing.
 */
export const streamResult = (
  source: ResultSource,
  file: { readonly sizeBytes: number; readonly modifiedAtMs: number },
  first: number,
  last: number,
): ReadableStream<Uint8Array> => {
  let position = first
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (position > last) {
          controller.close()
          return
        }
        const part = await source.read(position, Math.min(chunkBytes, last - position + 1))
        if (part.kind !== 'read') throw new Error('The file could not be read to its end.')
        if (part.sizeBytes !== file.sizeBytes || part.modifiedAtMs !== file.modifiedAtMs || part.bytes.length === 0) {
          throw new Error('The file became another while it was read.')
        }
        position += part.bytes.length
        controller.enqueue(part.bytes)
        if (position > last) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
