import { OpenAPIHono } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import type { BlankEnv } from 'hono/types'
import { refusal, refuse } from './refuse.ts'
import { sayWhatIsWrong } from './say-what-is-wrong.ts'

export type Api = OpenAPIHono<BlankEnv>

const targets = ['query', 'param', 'header', 'json'] as const

/** An app whose routes answer what they do not understand with a sentence. */
export const makeApp = (): Api => {
  const app: Api = new OpenAPIHono<BlankEnv>({
    defaultHook: (result, context) => {
      if (result.success) return undefined
      const where = targets.find((target) => target === result.target) ?? 'json'
      const refused = { issues: result.error.issues, input: Reflect.get(result, 'data'), where }
      return refuse(context, 400, sayWhatIsWrong(refused))
    },
  })
  app.onError((fault) => {
    // What is no JSON has been told before the routes: a validator that cannot read a body has found none.
    if (fault instanceof HTTPException && fault.status === 400) {
      return refusal(400, 'The body is missing. Send a JSON object; v1/openapi.json says what belongs into it.')
    }
    throw fault
  })
  return app
}

/** Content that goes out as bytes: described, and not typed. */
export const bytesOf = (mediaType: string, schema: object): object => ({ content: { [mediaType]: { schema } } })
