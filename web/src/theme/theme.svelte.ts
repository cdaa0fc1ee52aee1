export type ThemeChoice = 'system' | 'light' | 'dark'

const storageKey = 'autoreduction.theme'
const order: readonly ThemeChoice[] = ['system', 'light', 'dark']

const remembered = (): ThemeChoice => {
  try {
    const chosen = localStorage.getItem(storageKey)
    return chosen === 'light' || chosen === 'dark' ? chosen : 'system'
  } catch {
    return 'system'
  }
}

/** Light or dark: the system's wish until a person chooses; `theme.js` does the same before the first paint. */
export class Theme {
  choice = $state<ThemeChoice>(remembered())
  #systemIsDark = $state(false)
  readonly shown: 'light' | 'dark' = $derived(
    this.choice === 'system' ? (this.#systemIsDark ? 'dark' : 'light') : this.choice,
  )

  start(): () => void {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const follow = (): void => {
      this.#systemIsDark = query.matches
      document.documentElement.dataset['theme'] = this.shown
    }
    follow()
    query.addEventListener('change', follow)
    return () => {
      query.removeEventListener('change', follow)
    }
  }

  next(): void {
    this.choice = order[(order.indexOf(this.choice) + 1) % order.length] ?? 'system'
    document.documentElement.dataset['theme'] = this.shown
    try {
      if (this.choice === 'system') localStorage.removeItem(storageKey)
      else localStorage.setItem(storageKey, this.choice)
    } catch {
      // Storage is forbidden: the choice holds until the page is closed.
    }
  }
}
