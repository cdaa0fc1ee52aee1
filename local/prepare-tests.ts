import './assert-node.ts'
import { existsSync } from 'node:fs'
import { findProgram } from './processes/find-program.ts'
import { isActiveMqInstalled } from './services/private-activemq.ts'
import { isMariaDbInstalled } from './services/private-mariadb.ts'
import { canInstallPackages, installDebianPackages } from './services/debian-packages.ts'

/** What `make test` needs of the machine, beyond what `npm` brings: installed here by root, named to anybody else. */
const needed = [
  { isThere: isMariaDbInstalled(), packages: ['mariadb-server-core', 'mariadb-client-core'] },
  { isThere: isActiveMqInstalled(), packages: ['activemq'] },
  { isThere: findProgram('chromium') !== undefined, packages: ['chromium'] },
  { isThere: findProgram('bwrap') !== undefined, packages: ['bubblewrap'] },
]
/** Without these some tests are skipped, visibly; nobody need install them. */
const welcome = [
  { isThere: !existsSync('/dev/fuse') || findProgram('bindfs') !== undefined, packages: ['bindfs', 'fuse3'] },
]
const missing = needed.filter(({ isThere }) => !isThere).flatMap(({ packages }) => packages)

const wanted = welcome.filter(({ isThere }) => !isThere).flatMap(({ packages }) => packages)

if (missing.length > 0 && canInstallPackages()) {
  console.log(`installing ${missing.join(' ')}`)
  await installDebianPackages(missing)
} else if (missing.length > 0) {
  console.error(`The tests need packages that are missing here. As root: apt-get install ${missing.join(' ')}`)
  process.exit(1)
}
if (wanted.length > 0 && canInstallPackages()) {
  console.log(`installing ${wanted.join(' ')}`)
  await installDebianPackages(wanted).catch((fault: unknown) =>
    console.log(`some tests will be skipped: ${String(fault)}`),
  )
} else if (wanted.length > 0) console.log(`some tests will be skipped: ${wanted.join(' ')} is not installed`)
