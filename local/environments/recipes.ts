/** The recipes of `deploy/environments` that can be made on one machine: what they are called, and what is imported ahead. */
export const recipes = {
  python: { name: 'Python', imports: ['numpy', 'h5py', 'matplotlib.pyplot'], versionOf: undefined },
  scipp: {
    name: 'Scipp',
    imports: ['numpy', 'h5py', 'matplotlib.pyplot', 'scipp', 'scippnexus', 'scippneutron'],
    /** Its version is that of this package; Python's own is the interpreter's. */
    versionOf: 'scipp',
  },
} as const

export type RecipeName = keyof typeof recipes
export const recipeNames = ['python', 'scipp'] as const satisfies readonly RecipeName[]
