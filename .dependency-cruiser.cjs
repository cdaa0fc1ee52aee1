/** Imports go downwards only; each outside system has one room that knows it. */
const only = (name, library, room) => ({
  name,
  severity: 'error',
  comment: `Only ${room} may import ${library}.`,
  from: { pathNot: `^(${room}|tests/|local/|bench/)` },
  to: { path: `node_modules/${library}(/|$)` },
})

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'functions-stand-alone',
      severity: 'error',
      comment: 'Functions never import each other: they meet in shared/ or over HTTP.',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^functions/', pathNot: '^functions/$1/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'domain imports nothing but itself.',
      from: { path: '^shared/domain/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^shared/domain/' },
    },
    {
      name: 'shared-looks-down',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(functions|connectors|local|web|cli|bench)/' },
    },
    {
      name: 'contracts-know-only-domain',
      severity: 'error',
      from: { path: '^shared/contracts/', pathNot: '\\.test\\.ts$' },
      to: { path: '^shared/', pathNot: '^shared/(contracts|domain)/' },
    },
    only('only-database-knows-sql', 'mysql2', 'shared/database/'),
    only('only-broker-knows-stomp', 'stompit', 'shared/broker/'),
    only('only-archive-knows-hdf5', 'h5wasm', 'shared/archive/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist/|^\\.local/|^web/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
