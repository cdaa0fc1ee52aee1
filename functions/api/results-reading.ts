import type { Hung, Readers } from '#archive/readers/open-readers.ts'
import { ReadFault } from '#archive/readers/open-readers.ts'

/** Why something of the results could not be read now, in words. */
export type OutOfReach = { readonly kind: 'out-of-reach'; readonly detail: string }

/** Results of one instrument hang together, and apart from its archive. */
export const resultsOf = (instrument: string): string => `the results of ${instrument}`

const outOfReach = (instrument: string): OutOfReach => ({
  kind: 'out-of-reach',
  detail: `The disk with the results of ${instrument} does not answer. Try again in a minute; nothing is lost.`,
})

/** Asks a reader process for something of an instrument's results. A disk that hangs costs a reader and never this function. */
export const askResults = async <Answer extends { readonly kind: string }>(
  instrument: string,
  ask: (place: string) => Promise<Answer | Hung>,
): Promise<Exclude<Answer, { kind: 'hung' }> | OutOfReach> => {
  try {
    const answer = await ask(resultsOf(instrument))
    return isHung(answer) ? outOfReach(instrument) : (answer as Exclude<Answer, { kind: 'hung' }>)
  } catch (fault) {
    if (fault instanceof ReadFault) return outOfReach(instrument)
    throw fault
  }
}

const isHung = (answer: { readonly kind: string }): answer is Hung => answer.kind === 'hung'

export type ResultReaders = Pick<Readers, 'call'>
