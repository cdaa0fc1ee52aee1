import { lastWritten, readableLog } from '#domain/readable-log.ts'
import type { Api, LogPiece } from '../api/api.ts'
import { sentenceOf } from '../state/loaded.svelte.ts'
import { sizeWords } from '../words/plain-words.ts'
import { splitLog, toneOf, type LogLine } from './log-lines.ts'
import { readLogStream, type LogEvent } from './log-stream.ts'

/** A log longer than this is shown from near its end; the whole is one click away. */
const tailBytes = 1_000_000
const blockLines = 200
/** A script that prints all night must not fill the browser: the oldest lines leave the page, their numbers stay true. */
const mostBlocks = 250
/** Where there is no stream the log is asked for so often, and a stream is tried again after some such questions. */
const askEveryMs = 1_000
const asksBetweenStreams = 10
/** A stream that broke off is opened again after a moment. */
const reopenMs = 500

/** A log that may still grow, followed or read on from where it was. Lines come in blocks, so that a long log does not slow the page. */
export class LogTail {
  blocks = $state.raw<readonly (readonly LogLine[])[]>([])
  /** The line that is being written. */
  rest = $state.raw('')
  sizeBytes = $state(0)
  /** Bytes left out at the start; their lines are not counted, so line numbers are not shown then. */
  skippedBytes = $state(0)
  /** The service itself has not kept some of the middle: numbers would be wrong from there on. */
  isCut = $state(false)
  isComplete = $state(false)
  isRead = $state(false)
  fault = $state.raw<string>()
  /** Lines at the start that have left the page. */
  droppedLines = $state(0)
  readonly lineCount: number = $derived(this.droppedLines + this.blocks.reduce((sum, block) => sum + block.length, 0))
  readonly unfinished: LogLine | undefined = $derived.by(() => {
    const text = lastWritten(this.rest)
    return text === '' ? undefined : { number: this.lineCount + 1, text, tone: toneOf(text) }
  })
  readonly #api: Api
  readonly #id: number
  /** Another processor's log is another log. */
  #attempt: number | undefined
  #offset: number | undefined
  /** Read, but only the beginning of a character or a code. */
  #held = new Uint8Array()
  #reading: Promise<void> | undefined
  #isStreaming = false
  #current: AbortController | undefined
  #mostBlocks = mostBlocks
  readonly #stopped = new AbortController()

  constructor(api: Api, id: number) {
    this.#api = api
    this.#id = id
  }

  /** Reads what has come since; never throws. Does nothing while a stream brings it. */
  read(): Promise<void> {
    if (this.#isStreaming || this.isComplete || this.#stopped.signal.aborted) return Promise.resolve()
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  /**
   * Follows the log as it is printed: by a stream, and by asking every second where there is none.
   * @returns how to stop following
   */
  follow(): () => void {
    const left = new AbortController()
    void this.#follow(AbortSignal.any([left.signal, this.#stopped.signal]))
    return () => left.abort()
  }

  /** Reads a long log from its first line after all. */
  async readFromStart(): Promise<void> {
    this.#current?.abort()
    this.#isStreaming = false
    await this.#reading
    this.#begin()
    this.#mostBlocks = Infinity
    this.#offset = 0
    await this.read()
  }

  stop(): void {
    this.#stopped.abort()
  }

  #begin(): void {
    this.blocks = []
    this.rest = ''
    this.sizeBytes = 0
    this.skippedBytes = 0
    this.droppedLines = 0
    this.isCut = false
    this.isComplete = false
    this.#held = new Uint8Array()
  }

  async #read(): Promise<void> {
    try {
      for (let isMore = true; isMore;) {
        const piece = await this.#api.log(this.#id, this.#offset ?? -tailBytes, this.#stopped.signal)
        const isTaken = this.#takePiece(piece)
        isMore = !isTaken || (piece.bytes.length > 0 && piece.next < piece.sizeBytes)
        if (piece.isComplete && !isMore) this.isComplete = true
      }
      this.isRead = true
      this.fault = undefined
    } catch (fault) {
      if (!this.#stopped.signal.aborted) this.fault = sentenceOf(fault)
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.isComplete) {
      await this.#reading
      if (await this.#stream(signal)) await pause(reopenMs, signal)
      else
        for (let ask = 0; ask < asksBetweenStreams && !signal.aborted && !this.isComplete; ask += 1) {
          await this.read()
          await pause(askEveryMs, signal)
        }
    }
    // Who stops following before the end was told has the rest by asking.
    await this.read()
  }

  async #stream(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    // A stream sends what was held back once more.
    if (this.#offset !== undefined) this.#offset -= this.#held.length
    this.#held = new Uint8Array()
    this.#isStreaming = true
    const stream = new AbortController()
    this.#current = stream
    const from = this.#offset ?? -tailBytes
    const lastEventId = this.#attempt === undefined ? undefined : `${this.#attempt}.${from}`
    const until = AbortSignal.any([signal, stream.signal])
    const wasServed = await readLogStream(this.#api.logStreamUrl(this.#id, from), lastEventId, until, (event) =>
      this.#takeEvent(event),
    )
    if (this.#current === stream) this.#isStreaming = false
    return wasServed
  }

  #takeEvent(event: LogEvent): void {
    this.isRead = true
    switch (event.kind) {
      case 'log':
        this.#takeText(event.offset, event.next, event.text)
        this.#attempt = event.attempt
        break
      case 'cut':
        this.#takeCut(event.next)
        break
      case 'restart':
        this.#begin()
        this.#offset = 0
        this.#attempt = event.attempt
        break
      case 'trouble':
        this.fault = event.detail ?? undefined
        break
      case 'end':
        this.fault = undefined
        this.isComplete = true
    }
  }

  /** False where it belongs to another attempt, which is read from its beginning then. */
  #takePiece(piece: LogPiece): boolean {
    if (this.#attempt !== undefined && piece.attempt !== this.#attempt) {
      this.#begin()
      this.#offset = 0
      this.#attempt = piece.attempt
      return false
    }
    this.#attempt = piece.attempt
    if (this.#offset !== undefined && piece.offset > this.#offset) this.#takeCut(piece.offset)
    const bytes = new Uint8Array([...this.#held, ...piece.bytes])
    const isEnd = piece.isComplete && piece.next >= piece.sizeBytes
    const { text, usedBytes } = readableLog(bytes, isEnd)
    this.#held = bytes.slice(usedBytes)
    this.#takeText(piece.offset, piece.next, text)
    this.sizeBytes = piece.sizeBytes
    return true
  }

  #takeText(offset: number, next: number, text: string): void {
    const isFirstOfTail = this.#offset === undefined && offset > 0
    if (isFirstOfTail) this.skippedBytes = offset
    this.#offset = next
    this.sizeBytes = Math.max(this.sizeBytes, next)
    this.#add(text, isFirstOfTail)
  }

  #takeCut(next: number): void {
    const cutBytes = next - (this.#offset ?? next)
    this.isCut = true
    this.#held = new Uint8Array()
    this.#offset = next
    this.#add(`${this.rest === '' ? '' : '\n'}… ${sizeWords(cutBytes)} in the middle were not kept …\n`, false)
  }

  /** `startsInLine`: the first line of this text is the end of one that is not shown. */
  #add(text: string, startsInLine: boolean): void {
    if (text === '') return
    const split = splitLog(this.rest + text, this.lineCount)
    this.rest = split.rest
    const lines = startsInLine ? split.lines.slice(1) : split.lines
    if (lines.length === 0) return
    const blocks = [...this.blocks]
    const last = blocks.at(-1)
    let from = 0
    if (last && last.length < blockLines) {
      from = blockLines - last.length
      blocks[blocks.length - 1] = [...last, ...lines.slice(0, from)]
    }
    for (; from < lines.length; from += blockLines) blocks.push(lines.slice(from, from + blockLines))
    const dropped = blocks.splice(0, Math.max(0, blocks.length - this.#mostBlocks))
    this.droppedLines += dropped.reduce((sum, block) => sum + block.length, 0)
    this.blocks = blocks
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
