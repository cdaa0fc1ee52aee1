/** V8's room for what is young grows to 48 MB under load and is never given back. Functions have the same from `stack.yml`. */
export const sparingNode: readonly string[] = ['--max-semi-space-size=2']
