/** The sources run as they are on Node 24 only; npm gives it to everything it starts. */
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `This needs Node 24, and runs on Node ${process.versions.node}. Start it through make, npm run or npx; ` +
      'if it still says so, delete node_modules and try again.',
  )
  process.exit(1)
}
