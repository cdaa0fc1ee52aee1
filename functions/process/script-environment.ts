import { dirname } from 'node:path'

/** Names an operator's environment may not change: they belong to the service. */
const ours = new Set(['HOME', 'TMPDIR', 'AUTOREDUCTION_JOB', 'MPLBACKEND'])

/**
 * As a power of two, in ticks of the processor's clock: 0.4 ms. OpenBLAS keeps its threads busy waiting for more to do, by default for 0.1 s after its start and each
 * product; that takes a processor from other scripts, and costs this one more than most scripts compute.
 */
const busyWaiting = '20'

/**
 * All that a script sees of the environment. Nothing of the service's own is passed on: no secrets, no settings, no addresses.
 */
export const scriptEnvironment = (parts: {
  readonly interpreter: string
  readonly extra: Readonly<Record<string, string>>
  readonly home: string
  readonly temporary: string
  /** Kept between reductions: matplotlib takes seconds to make its list of fonts. */
  readonly cache: string
  readonly job: string
  readonly timeZone: string | undefined
}): Readonly<Record<string, string>> => ({
  PATH: `${dirname(parts.interpreter)}:/usr/local/bin:/usr/bin:/bin`,
  LANG: 'C.UTF-8',
  PYTHONNOUSERSITE: '1',
  MPLCONFIGDIR: parts.cache,
  XDG_CACHE_HOME: parts.cache,
  OPENBLAS_THREAD_TIMEOUT: busyWaiting,
  ...(parts.timeZone ? { TZ: parts.timeZone } : {}),
  ...Object.fromEntries(Object.entries(parts.extra).filter(([name]) => !ours.has(name))),
  MPLBACKEND: 'Agg',
  HOME: parts.home,
  TMPDIR: parts.temporary,
  AUTOREDUCTION_JOB: parts.job,
})
