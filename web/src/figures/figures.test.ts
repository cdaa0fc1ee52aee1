import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alignLines } from './align-lines.ts'
import type { Figure } from './figure.ts'
import { parseFigure } from './parse-figure.ts'
import { logSafe } from './log-safe.ts'
import { plainText } from './plain-text.ts'

const figureOf = (json: unknown): Figure => {
  const answer = parseFigure(json)
  if ('fault' in answer) throw new Error(answer.fault)
  return answer.figure
}
const only = (json: unknown) => {
  const panel = figureOf(json).panels[0]
  if (!panel) throw new Error('no panel')
  return panel
}
const float64 = (values: number[]) => ({
  dtype: 'f8',
  bdata: Buffer.from(new Float64Array(values).buffer).toString('base64'),
})

describe('a Plotly figure', () => {
  it('of two banks becomes one panel with two lines, titles and error bars', () => {
    const figure = figureOf({
      data: [
        {
          type: 'scatter',
          mode: 'lines',
          name: 'North',
          x: [1, 2, 3],
          y: [4, 5, 6],
          error_y: { type: 'data', array: [1, 1, 2] },
        },
        { name: 'South', x: [1, 2, 3], y: [4, null, 'NaN'] },
      ],
      layout: {
        title: { text: 'Focused' },
        xaxis: { title: { text: 'd-spacing (Å)' } },
        yaxis: { title: 'Counts', type: 'log' },
      },
    })
    expect(figure).toMatchObject({ title: 'Focused', leftOut: [] })
    expect(figure.panels).toHaveLength(1)
    expect(figure.panels[0]).toMatchObject({
      x: { title: 'd-spacing (Å)', scale: 'linear' },
      left: { title: 'Counts', scale: 'log' },
      lines: [
        { name: 'North', style: { line: true, points: false }, yErrors: { plus: [1, 1, 2], minus: [1, 1, 2] } },
        { name: 'South', y: [4, null, null], style: { line: true, points: true } },
      ],
    })
  })

  it('may hold its numbers as typed arrays, as plotly.py 6 writes them', () => {
    const panel = only({
      data: [
        {
          type: 'scattergl',
          x: float64([1, 2.5]),
          y: { dtype: 'i2', bdata: Buffer.from(new Int16Array([-3, 4]).buffer).toString('base64') },
        },
      ],
    })
    expect(panel.lines[0]).toMatchObject({ x: [1, 2.5], y: [-3, 4], name: 'trace 1' })
    const map = only({ data: [{ type: 'heatmap', z: { ...float64([1, 2, 3, 4, 5, 6]), shape: '2, 3' } }] }).map
    expect(map).toMatchObject({
      z: [
        [1, 2, 3],
        [4, 5, 6],
      ],
      xEdges: [-0.5, 0.5, 1.5, 2.5],
      yEdges: [-0.5, 0.5, 1.5],
    })
  })

  it('with falling x is turned round with its error bars; one going to and fro loses its line, not its points', () => {
    const [falling] = only({
      data: [{ mode: 'lines', x: [3, 2, 1], y: [1, 2, 3], error_y: { array: [0.1, 0.2, 0.3] } }],
    }).lines
    expect(falling).toMatchObject({
      x: [1, 2, 3],
      y: [3, 2, 1],
      yErrors: { plus: [0.3, 0.2, 0.1] },
      style: { line: true },
    })
    const [loop] = only({ data: [{ mode: 'lines', x: [1, 3, 2], y: [1, 2, 3] }] }).lines
    expect(loop).toMatchObject({ x: [1, 2, 3], y: [1, 3, 2], style: { line: false, points: true } })
  })

  it('reads logarithmic ranges, times and categories', () => {
    expect(only({ data: [{ y: [1] }], layout: { yaxis: { type: 'log', range: [-1, 2] } } }).left.range).toEqual([
      0.1, 100,
    ])
    const times = only({ data: [{ x: ['2026-01-01 00:00:00', '2026-01-01T00:01:00'], y: [1, 2] }] })
    expect(times.x.scale).toBe('time')
    expect((times.lines[0]?.x[1] ?? 0) - (times.lines[0]?.x[0] ?? 0)).toBe(60)
    const bars = only({ data: [{ type: 'bar', x: ['North', 'South'], y: [1, 2] }] })
    expect(bars.x.categories).toEqual(['North', 'South'])
    expect(bars.lines[0]).toMatchObject({ x: [0, 1], style: { bars: true } })
  })

  it('with a second y axis keeps one panel; with subplots it has one each', () => {
    const over = figureOf({
      data: [{ y: [1] }, { y: [2], yaxis: 'y2' }],
      layout: { yaxis2: { overlaying: 'y', side: 'right' } },
    })
    expect(over.panels).toHaveLength(1)
    expect(over.panels[0]?.lines.map((line) => line.side)).toEqual(['left', 'right'])
    expect(figureOf({ data: [{ y: [1] }, { y: [2], xaxis: 'x2', yaxis: 'y2' }] }).panels).toHaveLength(2)
  })

  it('loses on logarithmic axes only what they cannot show', () => {
    const [line] = only({ data: [{ x: [0, 1, 2], y: [5, -1, 3], error_y: { array: [1, 2, 3] } }] }).lines
    if (!line) throw new Error('no line')
    expect(logSafe(line, true, true)).toMatchObject({ x: [1, 2], y: [null, 3], yErrors: { plus: [2, 3] } })
    expect(logSafe(line, false, false)).toBe(line)
  })

  it('says what it does not draw', () => {
    expect(figureOf({ data: [{ type: 'pie' }, { y: [1] }] }).leftOut).toEqual([
      'A part of the kind “pie” is not drawn here; open the file to see it.',
    ])
    expect(parseFigure([])).toEqual({ fault: 'This file is no Plotly figure: it has no list called “data”.' })
    expect(parseFigure({ data: [] })).toEqual({ fault: 'This figure has nothing in it.' })
  })

  it('never breaks the page, whatever the file holds', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.jsonValue(),
        (data, layout) => void parseFigure({ data: [data, { x: data, y: layout, z: data, error_y: layout }], layout }),
      ),
      { numRuns: 500 },
    )
  })
})

describe('titles', () => {
  it.each([
    ['Q (Å<sup>-1</sup>)', 'Q (Å⁻¹)'],
    ['CeO<sub>2</sub><br>300 K', 'CeO₂ 300 K'],
    ['$d\\ (\\mathrm{\\AA})$', 'd (Å)'],
    ['$\\mu A^{-1}$', 'µA⁻¹'],
    ['<b onclick=x>bold</b> &lt; 5', 'bold < 5'],
  ])('“%s” reads “%s”', (title, words) => {
    expect(plainText(title)).toBe(words)
  })
})

describe('lines over one x', () => {
  it('keep every point of every line', () => {
    const sorted = fc
      .array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 })
      .map((list) => list.sort((left, right) => left - right))
    fc.assert(
      fc.property(fc.array(sorted, { minLength: 1, maxLength: 4 }), (xs) => {
        const lines = xs.map((x) => ({ x, y: x.map((_, place) => (place % 5 === 4 ? null : place)) }))
        const aligned = alignLines(lines)
        for (const [index, line] of lines.entries()) {
          const points = aligned.x.flatMap((x, row) => {
            const y = aligned.ys[index]?.[row]
            return y === undefined ? [] : [[x, y]]
          })
          expect(points).toEqual(line.x.map((x, place) => [x, line.y[place]]))
        }
      }),
    )
  })
})
