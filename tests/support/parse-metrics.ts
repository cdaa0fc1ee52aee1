/** One line of Prometheus' text: a name, its labels and a value. */
export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const linePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g

/** Reads what `/_/metrics` says; throws at a line that Prometheus would not understand. */
export const parseMetrics = (text: string): readonly Sample[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = '', value] = linePattern.exec(line) ?? []
      if (name === undefined || value === undefined) throw new Error(`no line of metrics: ${line}`)
      const pairs = [...labels.matchAll(labelPattern)]
      if (pairs.map(([whole]) => whole).join('') !== labels) throw new Error(`no labels: ${labels}`)
      return {
        name,
        labels: Object.fromEntries(pairs.map(([, key = '', quoted]) => [key, JSON.parse(`"${quoted}"`) as string])),
        value: Number(value),
      }
    })
