import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toLinuxPath, toWindowsPath } from './path-forms.ts'

describe('paths into the archive', () => {
  it.each([
    ['\\\\isis\\inst$\\NDXWISH\\Instrument\\data\\cycle_24_3\\WISH00044733.nxs'],
    ['\\\\ISIS\\Inst$\\NDXWISH\\Instrument\\data\\cycle_24_3\\WISH00044733.nxs'],
    ['\\\\isis.cclrc.ac.uk\\inst$\\NDXWISH\\Instrument\\data\\cycle_24_3\\WISH00044733.nxs'],
    ['//isis/inst$/NDXWISH/Instrument/data/cycle_24_3/WISH00044733.nxs'],
    ['"\\\\isis\\inst$\\NDXWISH\\Instrument\\data\\cycle_24_3\\WISH00044733.nxs" '],
    ['/isis/NDXWISH/Instrument/data/cycle_24_3/WISH00044733.nxs'],
    ['/isis//NDXWISH/./Instrument/data/cycle_24_3/WISH00044733.nxs'],
  ])('%s is found below the root', (text) => {
    expect(toLinuxPath(text, '/isis')).toBe('/isis/NDXWISH/Instrument/data/cycle_24_3/WISH00044733.nxs')
    expect(toLinuxPath(text, '/mnt/archive/')).toBe('/mnt/archive/NDXWISH/Instrument/data/cycle_24_3/WISH00044733.nxs')
  })

  it.each([
    'C:\\data\\x.nxs',
    '\\\\other\\inst$\\NDXWISH',
    '/isis2/NDXWISH',
    'NDXWISH/x',
    '',
    '/isis/../etc/passwd',
    '\\\\isis\\inst$\\..\\x',
  ])('%s is no path into the archive', (text) => expect(toLinuxPath(text, '/isis')).toBeUndefined())

  it('have a Windows form', () => {
    expect(toWindowsPath('/isis/NDXWISH/user/scripts', '/isis')).toBe('\\\\isis\\inst$\\NDXWISH\\user\\scripts')
    expect(toWindowsPath('/isis2/NDXWISH', '/isis')).toBeUndefined()
    expect(toWindowsPath('/isis/../etc', '/isis')).toBeUndefined()
  })

  it('come back unchanged from the Windows form', () => {
    const part = fc
      .stringMatching(/^[A-Za-z0-9_ .-]{1,12}$/)
      .filter((text) => text.trim() === text && !/^\.+$/.test(text))
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('/isis', '/mnt/a b', '/'),
        (parts, root) => {
          const path = `${root === '/' ? '' : root}/${parts.join('/')}`
          expect(toLinuxPath(toWindowsPath(path, root) ?? '', root)).toBe(path)
        },
      ),
    )
  })
})
