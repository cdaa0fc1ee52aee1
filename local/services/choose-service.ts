/** How a service can be had here, in the order in which it is tried. */
export type ServiceWay = 'given' | 'container' | 'private' | 'installed by us'

/** What differs between the database and the broker, and what this machine offers. */
export type ServicePossibilities = {
  readonly name: string
  /** The setting that names one, e.g. DATABASE_URL. */
  readonly setting: string
  readonly givenUrl: string | undefined
  readonly debianPackages: readonly string[]
  /** How it was had the last time: its data are there, so it stays that way. */
  readonly lastWay: ServiceWay | undefined
  answers(url: string): Promise<boolean>
  hasDocker(): Promise<boolean>
  startContainer(): Promise<string>
  isInstalled(): boolean
  startPrivate(): Promise<string>
  canInstall(): boolean
  install(): Promise<void>
}

export type ChosenService = { readonly url: string; readonly way: ServiceWay }

/** Thrown where there is no way to a service; one sentence that says what to do. */
export class NoServiceFault extends Error {
  override readonly name = 'NoServiceFault'
}

/**
 * The database or the broker: at the given address, else as a container, else as a private instance of the installed
 * package, else of one that we install; else a sentence.
 */
export async function chooseService(
  possible: ServicePossibilities,
  note: (text: string) => void,
): Promise<ChosenService> {
  const { name, setting, givenUrl, lastWay, debianPackages } = possible
  if (givenUrl !== undefined) {
    if (await possible.answers(givenUrl)) return { url: givenUrl, way: 'given' }
    throw new NoServiceFault(`${setting} is set, but ${name} does not answer there, or not to this user and password.`)
  }
  const wasPrivate = lastWay === 'private' || lastWay === 'installed by us'
  if (!wasPrivate && (await possible.hasDocker())) {
    try {
      return { url: await possible.startContainer(), way: 'container' }
    } catch (error) {
      // Its data are in the container's volume: another, empty one would look like a loss.
      if (lastWay === 'container') throw error
      const why = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error)
      note(`Docker answers, but ${name} cannot be had as a container (${why}); using the Debian package instead`)
    }
  }
  if (possible.isInstalled()) return { url: await possible.startPrivate(), way: 'private' }
  if (possible.canInstall()) {
    await possible.install()
    return { url: await possible.startPrivate(), way: 'installed by us' }
  }
  throw new NoServiceFault(
    `${name} is missing: start Docker, or install it (as root: apt-get install ${debianPackages.join(' ')}), ` +
      `or set ${setting} to one that runs.`,
  )
}
