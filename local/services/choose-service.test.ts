import { describe, expect, it } from 'vitest'
import { chooseService, type ServicePossibilities } from './choose-service.ts'

const nothing: ServicePossibilities = {
  name: 'MariaDB',
  setting: 'DATABASE_URL',
  givenUrl: undefined,
  debianPackages: ['mariadb-server-core'],
  lastWay: undefined,
  answers: () => Promise.resolve(true),
  hasDocker: () => Promise.resolve(false),
  startContainer: () => Promise.resolve('container-url'),
  isInstalled: () => false,
  startPrivate: () => Promise.resolve('private-url'),
  canInstall: () => false,
  install: () => Promise.resolve(),
}
const docker = { hasDocker: () => Promise.resolve(true) }
const withoutImages = { ...docker, startContainer: () => Promise.reject(new Error('pulling\nno such image')) }
const choose = (more: Partial<ServicePossibilities>, notes: string[] = []) =>
  chooseService({ ...nothing, ...more }, (text) => notes.push(text))

describe('a service', () => {
  it('is taken where the setting says', async () => {
    expect(await choose({ givenUrl: 'given-url', ...docker })).toEqual({ url: 'given-url', way: 'given' })
  })

  it('that does not answer where the setting says is no reason to take another', async () => {
    const silent = { givenUrl: 'given-url', answers: () => Promise.resolve(false), isInstalled: () => true }
    await expect(choose(silent)).rejects.toThrow(/^DATABASE_URL is set, but MariaDB does not answer/)
  })

  it('is a container where Docker answers', async () => {
    expect((await choose({ ...docker, isInstalled: () => true })).way).toBe('container')
  })

  it('is private where Docker has no images, and says so', async () => {
    const notes: string[] = []
    expect((await choose({ ...withoutImages, isInstalled: () => true }, notes)).way).toBe('private')
    expect(notes).toEqual([expect.stringContaining('no such image')])
  })

  it('stays as it was the last time, since its data are there', async () => {
    expect((await choose({ ...docker, lastWay: 'private', isInstalled: () => true })).way).toBe('private')
    await expect(choose({ ...withoutImages, lastWay: 'container', isInstalled: () => true })).rejects.toThrow()
  })

  it('is installed by root', async () => {
    expect((await choose({ canInstall: () => true })).way).toBe('installed by us')
  })

  it('that cannot be had is one sentence about what to do', async () => {
    await expect(choose({})).rejects.toThrow(/^MariaDB is missing: start Docker, or install it .* or set DATABASE_URL/)
  })
})
