/** The program beside this module: as source, or as the bundle's second entry. */
export const readerProgram = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './reader-process.ts' : './reader-process.mjs', import.meta.url)
