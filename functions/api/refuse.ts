import type { Context } from 'hono'
import { problemSchema } from '#contracts/api.ts'

/** Titles of the answers that say no; `detail` says what happened and what the reader can do. */
const titles = {
  400: 'Not understood',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not possible here',
  409: 'Not possible any more',
  413: 'Too large',
  415: 'Wrong content type',
  416: 'No such range',
  429: 'Too many',
  503: 'Out of reach',
} as const
export type RefusalStatus = keyof typeof titles

const body = (status: RefusalStatus, detail: string, title: string = titles[status]) => ({
  type: 'about:blank',
  title,
  status,
  detail,
})
const contentType = { 'content-type': 'application/problem+json' }

/** Says no, as `application/problem+json`, typed for routes that declare this status by {@link refusals}. */
export const refuse = <Status extends RefusalStatus>(context: Context, status: Status, detail: string) =>
  context.json(body(status, detail), status, contentType)

/** The same for what stands before the routes. */
export const refusal = (
  status: RefusalStatus,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  title?: string,
): Response =>
  new Response(JSON.stringify(body(status, detail, title)), { status, headers: { ...contentType, ...headers } })

const declared = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})

/** The refusals that routes declare; each is a sentence in `detail`. */
export const refusals = {
  400: declared('Something in the request is not understood; `detail` says what.'),
  403: declared('You may not do this; `detail` says who may.'),
  404: declared('There is no such thing that you may see; `detail` says what was meant.'),
  409: declared('The state of things does not allow it (any more).'),
  503: declared('A part of the service is out of reach for the moment.'),
}
