import type { Hono } from 'hono'

/** Answers 405 to every verb for which the path has no route; to be called after those. */
export function onlyBy(routes: Hono, path: string, verbs: readonly string[]): void {
  routes.all(path, (context) =>
    context.text(`${context.req.path} is asked by ${verbs.join(', ')}`, 405, { Allow: verbs.join(', ') }),
  )
}
