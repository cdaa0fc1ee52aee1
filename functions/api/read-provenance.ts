import type { ReductionPlace } from '#database/queries/reduction-files.ts'
import { isPublished } from '#database/queries/reduction-files.ts'
import { provenanceSchema, type Provenance } from '#results/provenance.ts'
import { provenanceName } from '#results/result-paths.ts'
import type { OutOfReach, ResultReaders } from './results-reading.ts'
import { resultSource } from './stream-result.ts'

/** Beyond this it describes no single reduction. */
const largestBytes = 16 * 1024 * 1024
const pieceBytes = 1024 * 1024

export type ReadProvenance =
  | { readonly kind: 'read'; readonly provenance: Provenance }
  /** `why` is a sentence. */
  | { readonly kind: 'none'; readonly why: string }
  | OutOfReach

/** What a reduction's `provenance.json` says. */
export const readProvenance = async (
  readers: ResultReaders,
  resultsRoot: string,
  place: ReductionPlace,
): Promise<ReadProvenance> => {
  const none = (why: string): ReadProvenance => ({ kind: 'none', why: `Reduction ${place.id} ${why}` })
  if (!isPublished(place)) return none('has no results (yet), so nothing is recorded of how it ran.')
  const inside = { root: resultsRoot, directory: place.resultsPath, path: provenanceName }
  const source = resultSource(readers, place.instrument, inside)
  const pieces: Uint8Array[] = []
  for (let position = 0; position < largestBytes;) {
    const piece = await source.read(position, pieceBytes)
    if (piece.kind === 'out-of-reach') return piece
    if (piece.kind !== 'read') return none('has no provenance.json among its results.')
    pieces.push(piece.bytes)
    position += piece.bytes.length
    if (piece.bytes.length === 0 || position >= piece.sizeBytes) break
  }
  try {
    const json: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'))
    return { kind: 'read', provenance: provenanceSchema.parse(json) }
  } catch {
    return none('has a provenance.json that is not understood.')
  }
}
