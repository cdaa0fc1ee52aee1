/** The program beside this module: as source, or as the bundle's second entry. */
export const diskProgram = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './disk-process.ts' : './disk-process.mjs', import.meta.url)
