import type { UpSettings } from '../state/up-settings.ts'

/** What is printed when all is ready: where to look, and what to try. */
export function nextThings(settings: UpSettings, seconds: number): string {
  const what =
    settings.archiveRoot === undefined
      ? 'A beam simulator plays four instruments: their first runs appear within a minute.'
      : `Watching ${settings.archiveRoot}. The first sight of an instrument sets its counter; runs from then on are reduced.`
  return `
Ready in ${seconds.toFixed(1)} s:  http://127.0.0.1:${settings.port}/

  ${what}

  make status           what runs, and where
  make logs F=process   what a function says (FOLLOW=1: and goes on saying)
  make up               again, after changing code: only what changed is started anew
  make down             stops everything; data stay in ${settings.stateDirectory}
  make test             runs all tests
`
}
