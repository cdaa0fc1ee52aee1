import type { BundleReport } from '../bundle/bundle-programs.ts'
import type { ChosenService } from '../services/choose-service.ts'

/** What a step came to, in the few words beside its name. Never an address with its password. */

export function tellBundles({ made, unchanged }: BundleReport): string {
  return made.length === 0 ? `${unchanged.length} unchanged` : `bundled ${made.join(' ')}`
}

export function tellPortal(outcome: 'made' | 'unchanged' | 'absent'): string {
  return { made: 'built', unchanged: 'unchanged', absent: 'there is none yet' }[outcome]
}

export function tellService({ url, way }: ChosenService): string {
  const { host } = new URL(url)
  const ways = {
    given: 'as given',
    container: 'a container',
    private: 'our own',
    'installed by us': 'installed, our own',
  }
  return `${ways[way]}, at ${host}`
}

export function tellMigrations({ applied }: { readonly applied: readonly string[] }): string {
  return applied.length === 0 ? 'up to date' : `applied ${applied.join(' ')}`
}

export function tellFirstLook(status: number | undefined): string {
  if (status === 200) return 'every instrument has been looked at'
  return `detect ${status === undefined ? 'is still looking' : `answered ${status}`}; cron asks it every 5 s`
}
