import { join } from 'node:path'

/** Where everything that `make up` makes at run time lies: below STATE_DIR, and nowhere else. */
export type StateDirectory = ReturnType<typeof stateDirectory>

export function stateDirectory(root: string) {
  return {
    root,
    secrets: join(root, 'secrets'),
    services: join(root, 'services'),
    logs: join(root, 'logs'),
    gatewayRecord: join(root, 'gateway', 'gateway.json'),
    gatewayFolder: join(root, 'gateway'),
    stackNames: join(root, 'gateway', 'stack-names.json'),
    environmentsFile: join(root, 'environments.json'),
    sampleArchive: join(root, 'archive'),
    results: join(root, 'results'),
    scratch: join(root, 'scratch'),
    compileCache: join(root, 'compile-cache'),
  }
}
