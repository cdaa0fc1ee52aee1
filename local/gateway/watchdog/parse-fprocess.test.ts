import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { namesCode, parseFprocess } from './parse-fprocess.ts'

const instead = { secrets: '/own', code: '/dist/f', node: '/bin/node24' }

describe('an fprocess', () => {
  it.each([
    ['env', 'env', []],
    ['  node  index.js ', '/bin/node24', ['index.js']],
    ['python3 node', 'python3', ['node']],
    ['node /home/app/function/main.mjs', '/bin/node24', ['/dist/f/main.mjs']],
    ['/home/app/function/handler', '/dist/f/handler', []],
    ['cat /var/openfaas/secrets/word', 'cat', ['/own/word']],
    ['cat --file=/var/openfaas/secrets/word /var/openfaas/secrets', 'cat', ['--file=/own/word', '/own']],
    ['cat /mnt/var/openfaas/secrets/word', 'cat', ['/mnt/var/openfaas/secrets/word']],
    ['cat /var/openfaas/secrets-old/word', 'cat', ['/var/openfaas/secrets-old/word']],
    ['sh -c "echo 1"', 'sh', ['-c', '"echo', '1"']],
  ])('"%s" is a program with arguments', (fprocess, program, args) => {
    expect(parseFprocess(fprocess, instead)).toEqual({ program, args })
  })

  it('leads to the folder as it is named, whatever signs it holds', () => {
    const odd = "/a $& $1/$'"
    expect(parseFprocess('cat /var/openfaas/secrets/word', { ...instead, secrets: odd }).args).toEqual([`${odd}/word`])
  })

  it('without paths of an image is its words', () => {
    const word = fc.stringMatching(/^[!-~]+$/).filter((text) => !/openfaas|app/.test(text) && text !== 'node')
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const { program, args } = parseFprocess(words.join(' '), instead)
        expect([program, ...args]).toEqual(words)
      }),
    )
  })

  it('names code in an image, or does not', () => {
    expect(namesCode('node /home/app/function/main.mjs')).toBe(true)
    expect(namesCode('cat /home/app/functions')).toBe(false)
    expect(namesCode('env')).toBe(false)
  })
})
