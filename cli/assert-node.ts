/** Says in words what an older Node would answer with a stack trace. */
export const assertNode = (): void => {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return
  process.stderr.write(
    `This needs Node 24 or later; this is ${process.version}. Start it by \`npx node cli/main.ts\`.\n`,
  )
  process.exit(2)
}
