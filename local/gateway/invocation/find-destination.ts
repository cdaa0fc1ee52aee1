/** Where a call goes. */
export type Destination = {
  readonly functionName: string
  /** What the function sees: the path and query behind its own address. */
  readonly path: string
  /** What was taken away in front; empty for none. */
  readonly prefix: string
  readonly isAsync: boolean
}

const namespaceSuffix = /\.openfaas-fn$/

/**
 * Which function a path leads to: `/function/NAME[.openfaas-fn][/path]`, `/async-function/...`, and, as the production
 * proxy has it, `/api/...` to the function `api` and everything else to `web`.
 */
export function findDestination(url: string): Destination | 'unknown' {
  const invoked = /^\/(async-)?function\/([^/?]*)(.*)$/s.exec(url)
  if (invoked !== null) {
    const [, async, name = '', rest = ''] = invoked
    const functionName = name.replace(namespaceSuffix, '')
    if (functionName === '' || functionName.includes('.')) return 'unknown'
    const prefix = `/${async ?? ''}function/${name}`
    return { functionName, path: withSlash(rest), prefix, isAsync: async !== undefined }
  }
  const api = /^\/api(?=[/?]|$)(.*)$/s.exec(url)
  if (api !== null) return { functionName: 'api', path: withSlash(api[1] ?? ''), prefix: '/api', isAsync: false }
  return { functionName: 'web', path: withSlash(url), prefix: '', isAsync: false }
}

function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}
