import type { BenchStack } from './stack/bench-stack.ts'

export type Unit = '1/s' | 'ms' | 's' | 'MiB' | 'ratio'

/** One measured number. `target` and `better` say what issue or promise it is held against. */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly unit: Unit
  /** At least for rates, at most for everything else. */
  readonly target?: number
  readonly note?: string
}

export type Measurement = {
  readonly name: string
  /** Left out unless it is asked for by its name. */
  readonly onlyByName?: boolean
  readonly measure: (stack: BenchStack) => Promise<readonly Figure[]>
}

export const isMet = ({ value, unit, target }: Figure): boolean | undefined =>
  target === undefined ? undefined : unit === '1/s' ? value >= target : value <= target
