import { ReadFault } from '#archive/readers/open-readers.ts'
import type { ApiParts } from './api-parts.ts'

/** A raw file as it lies in the archive now. */
export type RawFileNow =
  | { readonly kind: 'file'; readonly sizeBytes: number; readonly modifiedAt: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'out-of-reach'; readonly reason: string }

/** Looks through a reader process: a drive that hangs costs a reader and never this function. */
export const lookAtRawFile = async (
  readers: ApiParts['readers'],
  instrument: string,
  path: string | null,
): Promise<RawFileNow> => {
  if (path === null) return { kind: 'gone' }
  try {
    const found = await readers.call('statPath', { path }, { place: instrument })
    if ('sizeBytes' in found) {
      if (found.kind !== 'file') return { kind: 'gone' }
      return { kind: 'file', sizeBytes: found.sizeBytes, modifiedAt: found.modifiedAt.toISOString() }
    }
    if ('fault' in found) {
      return found.absent ? { kind: 'gone' } : { kind: 'out-of-reach', reason: `it ${found.fault}.` }
    }
    return { kind: 'out-of-reach', reason: found.reason }
  } catch (fault) {
    if (!(fault instanceof ReadFault)) throw fault
    return { kind: 'out-of-reach', reason: 'the archive does not answer.' }
  }
}
