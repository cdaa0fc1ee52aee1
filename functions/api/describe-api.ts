import { z } from 'zod'
import type { Api } from './make-app.ts'
import { nameSchemas } from './schema-names.ts'

const jsonSchema = z.json()
type Json = z.infer<typeof jsonSchema>
type JsonObject = Record<string, Json>

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/**
 * Moves every schema that carries a name (`id`) to the components and refers to it there. A named schema that may be null is written out
 * by the generator as one whose type allows null.
 */
const nameComponents = (json: Json, components: JsonObject): Json => {
  if (Array.isArray(json)) return json.map((item) => nameComponents(item, components))
  if (!isObject(json)) return json
  const { id, ...rest } = Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, nameComponents(value, components)]),
  )
  const isNamed = typeof id === 'string' && ('type' in rest || 'oneOf' in rest || 'anyOf' in rest)
  if (!isNamed) return id === undefined ? rest : { ...rest, id }
  const reference = { $ref: `#/components/schemas/${id}` }
  const { type } = rest
  if (Array.isArray(type) && type.includes('null')) {
    components[id] ??= { ...rest, type: type.find((one) => one !== 'null') ?? 'object' }
    return { anyOf: [reference, { type: 'null' }] }
  }
  components[id] ??= rest
  return reference
}

const information = {
  openapi: '3.1.0',
  info: {
    title: 'Autoreduction',
    version: '1',
    description:
      'Neutron and muon runs, what is reduced of them, and how to reduce them again. Times are RFC 3339 in UTC, charge is in µA·h. Errors are `application/problem+json` with a sentence in `detail`. Lists page by `next`.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/api', description: 'Beside the portal.' }],
}

/** The description of the API (OpenAPI 3.1), made from the routes and the contracts. */
export const describeApi = (app: Api): Json => {
  nameSchemas()
  const generated = jsonSchema.parse(JSON.parse(JSON.stringify(app.getOpenAPI31Document(information))))
  const named: JsonObject = {}
  const document = nameComponents(generated, named)
  if (!isObject(document)) return document
  const known = isObject(document['components']) ? document['components']['schemas'] : undefined
  const schemas = Object.entries({ ...(isObject(known) ? known : {}), ...named })
  const { openapi, info, servers, paths } = document
  const sorted = Object.fromEntries(schemas.toSorted(([left], [right]) => (left < right ? -1 : 1)))
  return {
    openapi: openapi ?? null,
    info: info ?? null,
    servers: servers ?? null,
    paths: paths ?? null,
    components: { schemas: sorted },
  }
}
