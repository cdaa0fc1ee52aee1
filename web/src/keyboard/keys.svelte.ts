import { untrack } from 'svelte'

/** A key and what it does on this page; `words` are shown by `?`. */
export type Key = {
  readonly key: string
  readonly words: string
  /** Absent where the browser does it by itself and the key is only told of. */
  readonly press?: () => void
}
export type KeyGroup = { readonly title: string; readonly keys: readonly Key[] }

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)))

/** The keys of the page. Pages add a group while they are shown; the newest group wins. Nothing happens while somebody types. */
export class Keys {
  groups = $state.raw<readonly KeyGroup[]>([])

  start(): () => void {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]')) return
      const found = this.groups.flatMap((group) => group.keys).findLast((key) => key.key === event.key)
      if (!found?.press) return
      event.preventDefault()
      found.press()
    }
    document.addEventListener('keydown', pressed)
    return () => {
      document.removeEventListener('keydown', pressed)
    }
  }

  add(group: KeyGroup): () => void {
    // Called from effects, which must not run again because of what is added here.
    this.groups = [...untrack(() => this.groups), group]
    return () => {
      this.groups = untrack(() => this.groups).filter((other) => other !== group)
    }
  }
}
