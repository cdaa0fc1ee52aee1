import { createContext } from 'svelte'
import type { Api } from './api/api.ts'
import type { Keys } from './keyboard/keys.svelte.ts'
import type { Live } from './live/live.svelte.ts'
import type { Router } from './routing/router.svelte.ts'
import type { Announcer } from './state/announcer.svelte.ts'
import type { Kept } from './state/kept.ts'
import type { Summary } from './state/summary.svelte.ts'
import type { Theme } from './theme/theme.svelte.ts'
import type { Clock } from './time/clock.svelte.ts'

/** What every page is given by the frame around it. */
export type Portal = {
  readonly api: Api
  readonly live: Live
  readonly router: Router
  readonly keys: Keys
  readonly theme: Theme
  readonly clock: Clock
  readonly announcer: Announcer
  /** Instruments and counts: the frame shows some, the first page all of it. */
  readonly summary: Summary
  readonly kept: Kept
}

export const [usePortal, providePortal] = createContext<Portal>()
