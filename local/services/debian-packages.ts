import { findProgram } from '../processes/find-program.ts'
import { runToEnd } from '../processes/run-to-end.ts'

/** Can we install packages ourselves here: root, on a Debian? */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && findProgram('apt-get') !== undefined
}

let queue: Promise<unknown> = Promise.resolve()
let isUpdated = false

/** Installs Debian packages, asking nothing; one after the other, since apt allows no two at once. */
export function installDebianPackages(
  packages: readonly string[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const install = async () => {
    const apt = findProgram('apt-get')
    if (apt === undefined) throw new Error(`These packages are missing here: ${packages.join(' ')}`)
    // The wait: another apt may be at work on a machine that has just started.
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300']
    if (!isUpdated) await runToEnd(apt, [...options, 'update'], { environment, signal })
    isUpdated = true
    await runToEnd(apt, [...options, 'install', '--no-install-recommends', ...packages], { environment, signal })
  }
  const installed = queue.then(install)
  queue = installed.catch(() => undefined)
  return installed
}
