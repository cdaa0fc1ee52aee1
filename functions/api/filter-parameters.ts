import type { ListPlace } from '#database/queries/keyset-page.ts'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import { parseRbNumber } from '#domain/rb-number.ts'
import { decodeCursor, strangeCursor } from './list-cursor.ts'
import { instrumentFault, parameter, wholeNumberParameter, type Reading } from './parameters.ts'
import { parseRunFilter } from './parse-run-filter.ts'

export const standardLimit = 50
export const limitParameter = wholeNumberParameter('limit', 1, 500, 'How many items a page has at most.', standardLimit)

export const cursorParameter = parameter(
  (text): Reading<ListPlace> => {
    const place = decodeCursor(text)
    return place ? { value: place } : { fault: strangeCursor }
  },
  { type: 'string', description: 'Where to go on: `next` of the page before. Means nothing by itself.' },
)

export const instrumentParameter = parameter(
  (text): Reading<string> => {
    const name = parseInstrumentName(text)
    return name === undefined ? { fault: instrumentFault(text) } : { value: name }
  },
  { type: 'string', description: 'Only of this instrument; upper or lower case.', example: 'ENGINX' },
)

export const runParameter = parameter(
  (text) => {
    const read = parseRunFilter(text)
    return 'fault' in read ? read : { value: read.ranges }
  },
  { type: 'string', description: 'A run number, or ranges such as `1-5,7`.', example: '241391' },
)

export const rbParameter = parameter(
  (text): Reading<number> => {
    const rbNumber = parseRbNumber(text.replace(/^RB\s*/i, ''))
    return rbNumber === undefined
      ? { fault: `“${text}” is not an experiment's RB number, which has seven digits such as 1920234.` }
      : { value: rbNumber }
  },
  { type: 'string', description: 'Only of this experiment: its RB number, seven digits.', example: '1920234' },
)

export const titleParameter = parameter(
  (text): Reading<string> =>
    text.length > 200
      ? { fault: '“title” has more than 200 characters. A part of the title is enough.' }
      : { value: text },
  { type: 'string', description: 'Only runs whose title contains this, in upper or lower case.' },
)
