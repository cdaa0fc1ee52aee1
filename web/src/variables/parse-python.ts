import type { VariableValue } from '#domain/variables.ts'
import { parseNumber } from './numbers.ts'
import { readString } from './read-string.ts'

/** `at` is the place in the text, counted from 0, where the reader stumbled. */
export type LiteralFault = { readonly fault: string; readonly at: number }
export type LiteralAnswer = { readonly value: VariableValue } | LiteralFault

/** Thrown and caught in this module only: a descent through brackets has no other short way out. */
class Stumble extends Error {
  readonly at: number
  constructor(fault: string, at: number) {
    super(fault)
    this.at = at
  }
}

const words: Readonly<Record<string, VariableValue>> = {
  True: { type: 'boolean', value: true },
  False: { type: 'boolean', value: false },
  None: { type: 'none' },
}
const meant: Readonly<Record<string, string>> = {
  true: 'True',
  TRUE: 'True',
  false: 'False',
  FALSE: 'False',
  none: 'None',
  null: 'None',
  undefined: 'None',
}
/** As deep as the reader of reduce_vars.py goes. */
const deepest = 64

const readWord = (text: string, at: number): string => /^[\p{L}_][\p{L}\p{N}_]*/u.exec(text.slice(at))?.[0] ?? ''

const skipSpace = (text: string, at: number): number => {
  const space = /^(?:\s|#[^\n]*(?:\n|$))*/.exec(text.slice(at))?.[0] ?? ''
  return at + space.length
}

/** What Python takes as a key: no list, no mapping, and no tuple that holds one. */
const isHashable = (value: VariableValue): boolean =>
  value.type === 'tuple' ? value.items.every(isHashable) : value.type !== 'list' && value.type !== 'mapping'

type Read = { readonly value: VariableValue; readonly end: number }
type Items = { readonly items: readonly VariableValue[]; readonly end: number; readonly commas: number }

const readItems = (text: string, open: number, close: string, what: string, depth: number): Items => {
  const items: VariableValue[] = []
  let commas = 0
  let at = skipSpace(text, open + 1)
  while (text[at] !== close) {
    if (at >= text.length) throw new Stumble(`The ${what} that opens here is not closed: add ${close}`, open)
    const item = readValue(text, at, depth + 1)
    items.push(item.value)
    at = skipSpace(text, item.end)
    if (text[at] === ',') {
      commas += 1
      at = skipSpace(text, at + 1)
    } else if (text[at] !== close) {
      if (at >= text.length) throw new Stumble(`The ${what} that opens here is not closed: add ${close}`, open)
      throw new Stumble(`A comma or ${close} is missing here`, at)
    }
  }
  return { items, end: at + 1, commas }
}

const readMapping = (text: string, open: number, depth: number): Read => {
  const entries: (readonly [VariableValue, VariableValue])[] = []
  let at = skipSpace(text, open + 1)
  while (text[at] !== '}') {
    if (at >= text.length) throw new Stumble('The mapping that opens here is not closed: add }', open)
    const key = readValue(text, at, depth + 1)
    if (!isHashable(key.value)) throw new Stumble(`A ${key.value.type} cannot be a name in a mapping`, at)
    at = skipSpace(text, key.end)
    if (text[at] !== ':')
      throw new Stumble(
        "A colon is missing here: write {'name': value}. For several values without names use a list [ ]",
        at,
      )
    const item = readValue(text, skipSpace(text, at + 1), depth + 1)
    entries.push([key.value, item.value])
    at = skipSpace(text, item.end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
    else if (text[at] !== '}') {
      if (at >= text.length) throw new Stumble('The mapping that opens here is not closed: add }', open)
      throw new Stumble('A comma or } is missing here', at)
    }
  }
  return { value: { type: 'mapping', ordered: false, entries }, end: at + 1 }
}

const readOrdered = (text: string, start: number, depth: number): Read => {
  const open = skipSpace(text, start + 'OrderedDict'.length)
  if (text[open] !== '(') throw new Stumble("Write OrderedDict({'name': value})", start)
  const inner = readItems(text, open, ')', 'OrderedDict', depth)
  const given = inner.items[0]
  if (inner.items.length > 1) throw new Stumble('An OrderedDict takes one mapping or one list of pairs', open)
  if (given === undefined) return { value: { type: 'mapping', ordered: true, entries: [] }, end: inner.end }
  if (given.type === 'mapping') return { value: { ...given, ordered: true }, end: inner.end }
  if (given.type !== 'list' && given.type !== 'tuple')
    throw new Stumble('An OrderedDict takes a mapping or a list of pairs', open)
  const entries = given.items.map((pair): readonly [VariableValue, VariableValue] => {
    const [key, item] = pair.type === 'list' || pair.type === 'tuple' ? pair.items : []
    if (key === undefined || item === undefined || !isHashable(key))
      throw new Stumble("Each pair is written ('name', value)", open)
    return [key, item]
  })
  return { value: { type: 'mapping', ordered: true, entries }, end: inner.end }
}

const readNamed = (text: string, at: number, word: string, depth: number): Read => {
  const value = words[word]
  if (value) return { value, end: at + word.length }
  if (word === 'OrderedDict') return readOrdered(text, at, depth)
  const correct = meant[word]
  if (correct) throw new Stumble(`Write ${correct}, as Python does, not ${word}`, at)
  if (/^(nan|inf|infinity|NaN|Infinity|Inf)$/.test(word))
    throw new Stumble(`${word} is not a finite number, and no variable may hold one`, at)
  throw new Stumble(`“${word}” stands without quotes: write '${word}' for a text`, at)
}

const readValue = (text: string, start: number, depth: number): Read => {
  const at = skipSpace(text, start)
  const character = text[at]
  if (depth > deepest) throw new Stumble('Brackets are nested too deeply', at)
  if (character === undefined) throw new Stumble('A value is missing here', at)
  if (character === '[') {
    const list = readItems(text, at, ']', 'list', depth)
    return { value: { type: 'list', items: list.items }, end: list.end }
  }
  if (character === '(') {
    const inner = readItems(text, at, ')', 'tuple', depth)
    const only = inner.items[0]
    // Python: (1) is the number 1, (1,) a tuple.
    if (inner.items.length === 1 && inner.commas === 0 && only !== undefined) return { value: only, end: inner.end }
    return { value: { type: 'tuple', items: inner.items }, end: inner.end }
  }
  if (character === '{') return readMapping(text, at, depth)
  const string = readString(text, at)
  if (string) {
    if ('fault' in string) throw new Stumble(string.fault, string.at)
    return { value: { type: 'string', value: string.text }, end: string.end }
  }
  const word = readWord(text, at)
  if (word !== '') return readNamed(text, at, word, depth)
  const numeral = /^[+-]?[\w.]+(?:(?<=[eE])[+-]\d+)?/.exec(text.slice(at))?.[0]
  if (numeral === undefined) throw new Stumble(`“${character}” cannot start a value`, at)
  const number = parseNumber(numeral)
  if ('fault' in number) throw new Stumble(`“${numeral}” ${number.fault}`, at)
  if (/^[+-]?0\d/.test(numeral) && number.value.type === 'integer')
    throw new Stumble(`Python refuses numbers that start with 0: write ${number.value.value}`, at)
  return { value: number.value, end: at + numeral.length }
}

/** Reads one Python literal: numbers, quoted texts, True, False, None, lists, tuples, mappings and OrderedDict of them. */
export const parsePython = (text: string): LiteralAnswer => {
  try {
    const read = readValue(text, 0, 0)
    const rest = skipSpace(text, read.end)
    if (rest < text.length) {
      return text[rest] === ','
        ? { fault: 'Several values need brackets around them: [1, 2] for a list, (1, 2) for a tuple', at: rest }
        : { fault: 'This is left over after the value', at: rest }
    }
    return { value: read.value }
  } catch (stumble) {
    if (stumble instanceof Stumble) return { fault: stumble.message, at: stumble.at }
    throw stumble
  }
}
