import type { Context, Hono } from 'hono'
import { nearestName } from '#domain/nearest-name.ts'
import { refusal } from './refuse.ts'

type Known = { readonly method: string; readonly path: string }

const matches = (pattern: string, path: string): boolean => {
  const expected = pattern.split('/')
  const given = path.split('/')
  if (pattern.endsWith('/*'))
    return (
      given.length >= expected.length && matches(pattern.slice(0, -2), given.slice(0, expected.length - 1).join('/'))
    )
  return (
    expected.length === given.length && expected.every((part, place) => part.startsWith(':') || part === given[place])
  )
}

const methodsAt = (known: readonly Known[], path: string): readonly string[] => [
  ...new Set(known.filter((route) => matches(route.path, path)).map(({ method }) => method)),
]

/** Answers what no route took: with the methods there are, with the path that was probably meant, or with the way to the description. */
export const unknownRoute = (routes: Hono['routes']) => {
  const known: readonly Known[] = routes.filter(({ method }) => method !== 'ALL')
  const collections = [...new Set(known.map(({ path }) => path.split('/')[2] ?? ''))]

  return (context: Context): Response => {
    const { method, path } = context.req
    const methods = methodsAt(known, path)
    if (methods.length > 0) {
      const allow = methods.join(', ')
      return refusal(405, `${method} is not possible at ${path}. Possible: ${allow}.`, { allow })
    }
    const [, version, collection = '', ...rest] = path.split('/')
    if (version !== 'v1') {
      return refusal(
        404,
        `There is nothing at ${path}. The API begins with /v1, such as /v1/runs; /v1/openapi.json describes it.`,
      )
    }
    const nearest = nearestName(collection, collections)
    const meant =
      nearest !== undefined && nearest !== collection ? ` Did you mean ${['', 'v1', nearest, ...rest].join('/')}?` : ''
    return refusal(404, `There is nothing at ${path}.${meant} /v1/openapi.json describes all there is.`)
  }
}
