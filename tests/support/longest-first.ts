import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose files take longest, the longest first: begun last they would be waited for while a core has nothing to do. */
const longest = [
  'local/beam-simulator/',
  'tests/end-to-end/',
  'tests/browser/',
  'functions/detect/',
  'functions/process/',
]

/** Starts the long files first, also where no earlier run has left its times. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((folder) => moduleId.includes(`/${folder}`))
      return place === -1 ? longest.length : place
    }
    return (await super.sort(files)).toSorted((left, right) => rank(left) - rank(right))
  }
}
