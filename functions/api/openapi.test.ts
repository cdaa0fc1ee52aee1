import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describedRoutes } from './described-routes.ts'

const documentSchema = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ summary: z.string(), responses: z.record(z.string(), z.unknown()) })),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})

describe('docs/openapi.json', () => {
  it('is what the routes and contracts say now (else: npm run openapi)', async () => {
    const committed = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8')
    expect(committed).toBe(describedRoutes())
  })

  it('refers only to schemas that are there, and names each of them once', () => {
    const text = describedRoutes()
    const { components, openapi } = documentSchema.parse(JSON.parse(text))
    expect(openapi).toBe('3.1.0')
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)].map(([, name]) => name))
    expect([...referred].toSorted()).toEqual(Object.keys(components.schemas).toSorted())
  })

  it('says of every route what it is for and how it refuses', () => {
    const { paths } = documentSchema.parse(JSON.parse(describedRoutes()))
    expect(Object.keys(paths).length).toBeGreaterThan(15)
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, route] of Object.entries(methods)) {
        expect(route.summary, `${method} ${path}`).not.toBe('')
        expect(Object.keys(route.responses), `${method} ${path}`).toContain('400')
      }
    }
  })
})
