import { makeZip, predictLength } from 'client-zip'

/** A file for an archive; `open` is called when its turn comes. */
export type ZipEntry = {
  readonly name: string
  readonly sizeBytes: number
  readonly modifiedAtMs: number
  readonly open: () => ReadableStream<Uint8Array>
}

/** The format counts its years from here. */
const firstTimeMs = Date.UTC(1980, 0, 2)

const metadataOf = ({ name, sizeBytes, modifiedAtMs }: ZipEntry) => ({
  name,
  size: sizeBytes,
  lastModified: new Date(Math.max(modifiedAtMs, firstTimeMs)),
})

/** How long the archive of these files will be. */
export const zipBytes = (entries: readonly ZipEntry[]): bigint => predictLength(entries.map(metadataOf))

/**
 * The archive as a stream, stored and not packed: what is large in results is packed already, and the length is known beforehand. Read as
 * fast as its reader takes it, one file at a time; when the reader goes, nothing more is read.
 */
export const zipStream = (entries: readonly ZipEntry[]): ReadableStream<Uint8Array> => {
  let place = 0
  const next = () => {
    const entry = entries[place]
    place += 1
    return Promise.resolve(
      entry
        ? { done: false as const, value: { ...metadataOf(entry), input: entry.open() } }
        : { done: true as const, value: undefined },
    )
  }
  return makeZip({ [Symbol.asyncIterator]: () => ({ next }) })
}
