/** Where the portal lies, with a slash at its end; the function `web` writes it into the page for each answer. */
export const portalBase = (): URL => {
  const base = new URL(document.baseURI)
  return new URL(base.pathname.replace(/[^/]*$/, ''), base.origin)
}

/**
 * Where the API lies. The page may name it (`<meta name="api-base">`); otherwise it lies beside the portal: below the same
 * base, or, where the portal is called as a function by its own address, in the function `api`.
 */
export const apiBase = (portal: URL, named: string | null | undefined): URL => {
  if (named) return new URL(named.endsWith('/') ? named : `${named}/`, portal)
  return new URL(portal.pathname.endsWith('/function/web/') ? '../api/v1/' : 'api/v1/', portal)
}
