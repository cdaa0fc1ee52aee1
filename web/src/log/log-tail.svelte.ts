import type { Api, LogPiece } from '../api/api.ts'
import { sentenceOf } from '../state/loaded.svelte.ts'
import { sizeWords } from '../words/plain-words.ts'
import { cleanLine, splitLog, toneOf, type LogLine } from './log-lines.ts'

/** A log longer than this is shown from near its end; the whole is one click away. */
const tailBytes = 1_000_000
const blockLines = 200
/** A script that prints all night must not fill the browser: the oldest lines leave the page, their numbers stay true. */
const mostBlocks = 250

/** A log that may still grow, read on from where it was. Lines come in blocks, so that a long log does not slow the page. */
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
    const text = cleanLine(this.rest)
    return text === '' ? undefined : { number: this.lineCount + 1, text, tone: toneOf(text) }
  })
  readonly #api: Api
  readonly #id: number
  #offset: number | undefined
  #decoder = new TextDecoder()
  #isReading = false
  #mostBlocks = mostBlocks
  readonly #stopped = new AbortController()

  constructor(api: Api, id: number) {
    this.#api = api
    this.#id = id
  }

  /** Reads what has come since; never throws. */
  async read(): Promise<void> {
    if (this.#isReading || this.isComplete || this.#stopped.signal.aborted) return
    this.#isReading = true
    try {
      for (let isMore = true; isMore;) {
        const piece = await this.#api.log(this.#id, this.#offset ?? -tailBytes, this.#stopped.signal)
        this.#take(piece)
        isMore = piece.bytes.length > 0 && piece.next < piece.sizeBytes
        if (piece.isComplete && !isMore) this.isComplete = true
      }
      this.isRead = true
      this.fault = undefined
    } catch (fault) {
      if (!this.#stopped.signal.aborted) this.fault = sentenceOf(fault)
    } finally {
      this.#isReading = false
    }
  }

  /** Reads a long log from its first line after all. */
  async readFromStart(): Promise<void> {
    this.blocks = []
    this.rest = ''
    this.skippedBytes = 0
    this.droppedLines = 0
    this.#mostBlocks = Infinity
    this.isCut = false
    this.isComplete = false
    this.#offset = 0
    this.#decoder = new TextDecoder()
    await this.read()
  }

  stop(): void {
    this.#stopped.abort()
  }

  #take(piece: LogPiece): void {
    const isFirstOfTail = this.#offset === undefined && piece.offset > 0
    if (isFirstOfTail) this.skippedBytes = piece.offset
    else if (this.#offset !== undefined && piece.offset > this.#offset) {
      this.isCut = true
      this.#add(
        `${this.rest === '' ? '' : '\n'}… ${sizeWords(piece.offset - this.#offset)} in the middle were not kept …\n`,
        false,
      )
    }
    this.#offset = piece.next
    this.sizeBytes = piece.sizeBytes
    this.#add(this.#decoder.decode(piece.bytes, { stream: true }), isFirstOfTail)
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
