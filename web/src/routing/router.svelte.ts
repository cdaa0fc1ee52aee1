import { parseRoute, type Route } from './portal-routes.ts'

type Place = { readonly path: string; readonly query: string }

/**
 * The page's address. Links are plain `<a href>` relative to the base; clicks on them are taken over here, so that a middle
 * click, a copied link and a bookmark work as everywhere.
 */
export class Router {
  readonly #base: URL
  #place = $state.raw<Place>({ path: '', query: '' })
  readonly route: Route = $derived(parseRoute(this.#place.path))
  readonly query: URLSearchParams = $derived(new URLSearchParams(this.#place.query))
  /** Counts arrivals by a link: pages put the focus on their heading then, but not when going back. */
  arrivals = $state(0)

  constructor(base: URL) {
    this.#base = base
    history.scrollRestoration = 'manual'
    this.#read()
  }

  /** Path and query, relative to the base: the key under which a page's state is kept. */
  get address(): string {
    return this.#place.path + this.#place.query
  }

  start(): () => void {
    const clicked = (event: MouseEvent): void => {
      if (
        event.defaultPrevented ||
        event.button !== 0 ||
        event.metaKey ||
        event.ctrlKey ||
        event.shiftKey ||
        event.altKey
      )
        return
      const link = event.target instanceof Element ? event.target.closest('a') : null
      if (!link || !link.hasAttribute('href') || link.target !== '' || link.hasAttribute('download')) return
      const url = new URL(link.href)
      if (!this.#isOurs(url)) return
      event.preventDefault()
      this.go(url.href)
    }
    const popped = (): void => {
      this.#read()
      const state: unknown = history.state
      const top: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, 'top') : 0
      requestAnimationFrame(() => {
        scrollTo(0, typeof top === 'number' ? top : 0)
      })
    }
    document.addEventListener('click', clicked)
    addEventListener('popstate', popped)
    return () => {
      document.removeEventListener('click', clicked)
      removeEventListener('popstate', popped)
    }
  }

  /** Goes to an address relative to the base. */
  go(address: string): void {
    const url = new URL(address, this.#base)
    history.replaceState({ top: scrollY }, '')
    history.pushState({ top: 0 }, '', url)
    this.#read()
    this.arrivals += 1
    scrollTo(0, 0)
  }

  /** Changes parts of the query in place: a filter is no step to go back over. */
  filter(changes: Readonly<Record<string, string | undefined>>): void {
    const query = new URLSearchParams(this.query)
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined || value === '') query.delete(name)
      else query.set(name, value)
    }
    const text = query.toString()
    history.replaceState(history.state, '', new URL(`${this.#place.path}${text === '' ? '' : `?${text}`}`, this.#base))
    this.#read()
  }

  #isOurs(url: URL): boolean {
    if (url.origin !== this.#base.origin || !url.pathname.startsWith(this.#base.pathname)) return false
    return !/^(api|assets|static)\//.test(url.pathname.slice(this.#base.pathname.length))
  }

  #read(): void {
    this.#place = { path: location.pathname.slice(this.#base.pathname.length), query: location.search }
  }
}
