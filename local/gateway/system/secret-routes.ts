import { Hono } from 'hono'
import { z } from 'zod'
import { defaultNamespace } from '../functions/deployment.ts'
import { secretName, type SecretStore } from '../secrets/secret-store.ts'
import { parseBody } from './parse-body.ts'

const namedSchema = z.object({ name: z.string().regex(secretName, 'a name of lower-case letters, digits and dashes') })
const secretSchema = namedSchema.extend({ value: z.string().optional(), rawValue: z.base64().nullish() })
type GivenSecret = z.infer<typeof secretSchema>

/** Values go in and never come out. */
export function secretRoutes(secrets: SecretStore): Hono {
  const routes = new Hono()

  routes.get('/system/secrets', (context) =>
    context.json(secrets.names().map((name) => ({ name, namespace: defaultNamespace }))),
  )

  routes.post('/system/secrets', async (context) => {
    const body = await parseBody(context, secretSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    if (secrets.has(body.value.name)) return context.text(`the secret "${body.value.name}" exists already`, 409)
    secrets.write(body.value.name, valueOf(body.value))
    return context.body(null, 201)
  })

  routes.put('/system/secrets', async (context) => {
    const body = await parseBody(context, secretSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    if (!secrets.has(body.value.name)) return context.text(`there is no secret "${body.value.name}"`, 404)
    secrets.write(body.value.name, valueOf(body.value))
    return context.body(null, 202)
  })

  routes.delete('/system/secrets', async (context) => {
    const body = await parseBody(context, namedSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    if (!secrets.has(body.value.name)) return context.text(`there is no secret "${body.value.name}"`, 404)
    secrets.remove(body.value.name)
    return context.body(null, 202)
  })

  return routes
}

function valueOf(secret: GivenSecret): Buffer {
  return secret.rawValue ? Buffer.from(secret.rawValue, 'base64') : Buffer.from(secret.value ?? '', 'utf8')
}
