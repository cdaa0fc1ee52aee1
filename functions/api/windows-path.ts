/** A path below a root as Windows machines name it, where they see that root under another name; else null. */
export const windowsForm = (path: string, root: string, windowsRoot: string | undefined): string | null => {
  const base = root.replace(/\/+$/, '')
  if (windowsRoot === undefined || (path !== base && !path.startsWith(`${base}/`))) return null
  return windowsRoot.replace(/[\\/]+$/, '') + path.slice(base.length).replace(/\//g, '\\')
}
