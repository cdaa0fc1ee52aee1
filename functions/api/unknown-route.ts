import type { Context, Hono } from 'hono'
import { nearestName } from '#domain/nearest-name.ts'
import { refusal } from './refuse.ts'

type Known = { readonly method: string; readonly path: string }

const matches = (pattern: string, path: string): boolean => {
  const isOpen = pattern.endsWith('/*')
  const expected = (isOpen ? pattern.slice(0, -2) : pattern).split('/')
  const given = path.split('/')
  const fits = isOpen ? given.length > expected.length : given.length === expected.length
  return fits && expected.every((part, place) => part.startsWith(':') || part === given[place])
}

const described = 'openapi.json describes all there is.'

/**
 * Answers what no route took: with the methods there are, with the path that was probably meant, or with what there is. Paths are told as
 * they go on behind `v1/`: what a proxy puts in front is not known here.
 */
export const unknownRoute = (routes: Hono['routes']) => {
  const known: readonly Known[] = routes.filter(({ method }) => method !== 'ALL')
  const collections = [...new Set(known.map(({ path }) => path.split('/')[2] ?? ''))]

  return (context: Context): Response => {
    const { method, path } = context.req
    const [, version, collection = '', ...rest] = path.split('/')
    if (version !== 'v1' || collection === '') {
      return refusal(404, `The paths of the API begin with v1/ and then: ${collections.join(', ')}. v1/${described}`)
    }
    const name = [collection, ...rest].join('/')
    const methods = new Set(known.filter((route) => matches(route.path, path)).map((route) => route.method))
    if (methods.size > 0) {
      const allow = [...methods].join(', ')
      return refusal(405, `${method} is not possible at ${name}. Possible: ${allow}.`, { allow })
    }
    const nearest = nearestName(collection, collections)
    const meant =
      nearest === undefined || nearest === collection ? '' : ` Did you mean ${[nearest, ...rest].join('/')}?`
    return refusal(404, `There is nothing at ${name}.${meant} ${described}`)
  }
}
