import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { defaultNamespace } from '../functions/deployment.ts'
import { secretName, type SecretStore } from '../secrets/secret-store.ts'
import { isForeign, oneNamespace } from './namespaces.ts'
import { onlyBy } from './only-by.ts'
import { parseBody } from './parse-body.ts'

const namedSchema = z.object({
  name: z.string().regex(secretName, 'a name of lower-case letters, digits and dashes'),
  namespace: z.string().nullish(),
})
const secretSchema = namedSchema.extend({ value: z.string().optional(), rawValue: z.base64().nullish() })
type GivenSecret = z.infer<typeof secretSchema>

/** Values go in and never come out. The gateway's own credentials are not for changing this way. */
export function secretRoutes(secrets: SecretStore): Hono {
  const routes = new Hono()
  const asked = (context: Context) => context.req.query('namespace')
  const unknown = (context: Context, name: string) => context.text(`there is no secret "${name}" here`, 404)
  const isKnown = (context: Context, { name, namespace }: z.infer<typeof namedSchema>) =>
    !isForeign(namespace, asked(context)) && secrets.has(name) && !secrets.isOwn(name)

  routes.get('/system/secrets', (context) =>
    context.json(
      isForeign(asked(context)) ? [] : secrets.names().map((name) => ({ name, namespace: defaultNamespace })),
    ),
  )

  routes.post('/system/secrets', async (context) => {
    const body = await parseBody(context, secretSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    const { name, namespace } = body.value
    if (isForeign(namespace, asked(context))) return context.text(oneNamespace, 400)
    if (secrets.has(name)) return context.text(`the secret "${name}" exists already`, 409)
    secrets.write(name, valueOf(body.value))
    return context.body(null, 201)
  })

  routes.put('/system/secrets', async (context) => {
    const body = await parseBody(context, secretSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    if (!isKnown(context, body.value)) return unknown(context, body.value.name)
    secrets.write(body.value.name, valueOf(body.value))
    return context.body(null, 202)
  })

  routes.delete('/system/secrets', async (context) => {
    const body = await parseBody(context, namedSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    if (!isKnown(context, body.value)) return unknown(context, body.value.name)
    secrets.remove(body.value.name)
    return context.body(null, 202)
  })
  onlyBy(routes, '/system/secrets', ['GET', 'POST', 'PUT', 'DELETE'])

  return routes
}

function valueOf(secret: GivenSecret): Buffer {
  return secret.rawValue ? Buffer.from(secret.rawValue, 'base64') : Buffer.from(secret.value ?? '', 'utf8')
}
