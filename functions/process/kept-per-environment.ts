import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { EnvironmentPlaces } from './environment-places.ts'
import type { FailedImports } from './until-imported.ts'

/** One thing for each software environment, with its modules imported, for as long as its packages stay as they were. */
export type KeptPerEnvironment<Kept> = {
  /** A new one where there is none, it is spent, or packages have changed since it was made. */
  readonly of: (software: Environment) => Promise<Kept>
  /** Retires those whose environment is not among these any more, or has changed. */
  readonly keepOnly: (environments: readonly Environment[]) => void
  readonly all: () => readonly Kept[]
}

export const keepPerEnvironment = <Kept>(
  places: Pick<EnvironmentPlaces, 'stampOf'>,
  say: (message: string) => void,
  kind: {
    readonly make: (software: Environment) => Kept
    readonly isSpent: (kept: Kept) => boolean
    readonly retire: (kept: Kept) => void
  },
): KeptPerEnvironment<Kept> => {
  const all = new Map<string, { readonly stamp: string; readonly kept: Kept }>()
  return {
    of: async (software) => {
      const key = JSON.stringify(software)
      const stamp = await places.stampOf(software)
      const known = all.get(key)
      if (known?.stamp === stamp && !kind.isSpent(known.kept)) return known.kept
      if (known) {
        if (known.stamp !== stamp)
          say(`${softwareLabel(software)}: its packages have changed; its interpreter is started anew`)
        kind.retire(known.kept)
      }
      const kept = kind.make(software)
      all.set(key, { stamp, kept })
      return kept
    },
    keepOnly: (environments) => {
      const wanted = new Set(environments.map((software) => JSON.stringify(software)))
      for (const [key, { kept }] of all) {
        if (wanted.has(key)) continue
        all.delete(key)
        kind.retire(kept)
      }
    },
    all: () => [...all.values()].map(({ kept }) => kept),
  }
}

/** Scripts do without; the log of the service says why. */
export const sayWhatFailed = (software: Environment, failed: FailedImports, say: (message: string) => void): void => {
  for (const [module, why] of Object.entries(failed)) {
    if (software.imports.includes(module))
      say(`${softwareLabel(software)}: ${module} could not be imported ahead: ${why}`)
  }
}
