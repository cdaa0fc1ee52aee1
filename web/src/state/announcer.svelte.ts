/** Says to those who hear the page what others see happen: copied, selected, sent. Also shown for a moment near the bottom. */
export class Announcer {
  text = $state('')
  #timer: ReturnType<typeof setTimeout> | undefined

  say(text: string): void {
    clearTimeout(this.#timer)
    // The same words again are heard again only if they were gone in between.
    this.text = ''
    queueMicrotask(() => {
      this.text = text
    })
    this.#timer = setTimeout(() => {
      this.text = ''
    }, 4000)
  }
}
