import { defaultNamespace } from '../functions/deployment.ts'

/** There is one namespace here; whoever names none means it. The client names it in the query, in the body, or in both. */
export function isForeign(...namespaces: readonly (string | null | undefined)[]): boolean {
  return namespaces.some((namespace) => namespace && namespace !== defaultNamespace)
}

export const oneNamespace = `there is one namespace here, ${defaultNamespace}`
