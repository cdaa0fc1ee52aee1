import { z } from 'zod'

/**
 * Who asks. Every query that answers a person takes one, so that what they may see is decided in the query and not in the page.
 * Until there is access control everyone is an administrator.
 */
export const viewerSchema = z.discriminatedUnion('role', [
  z.object({ role: z.literal('administrator'), name: z.string() }),
  z.object({ role: z.literal('instrument-scientist'), name: z.string(), instruments: z.array(z.string()) }),
  z.object({ role: z.literal('user'), name: z.string(), rbNumbers: z.array(z.number().int()) }),
])
export type Viewer = z.infer<typeof viewerSchema>

export const everyone: Viewer = { role: 'administrator', name: 'anyone on this machine' }
