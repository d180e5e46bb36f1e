// Owns: completing package-lock.json after `npm install` on a registry mirror that lacks binaries of other platforms.
// npm leaves such optional packages out of the lockfile, and `npm ci` then refuses the lockfile everywhere. The names
// say which platform each is for, so their entries can be written without fetching them. Run: `npm run lockfile`.
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  readonly version?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const OS_NAMES = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const CPU_NAMES = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']
const LOCKFILE = new URL('../package-lock.json', import.meta.url)

export function completed(packages: Readonly<Record<string, Entry>>): Record<string, Entry> {
  const added: Record<string, Entry> = {}
  for (const entry of Object.values(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`
      if (packages[path] !== undefined || !/^\d/.test(version)) continue
      const words = name.split(/[-/]/)
      const os = OS_NAMES.filter((value) => words.includes(value))
      const cpu = CPU_NAMES.filter((value) => words.includes(value))
      if (os.length === 0 && cpu.length === 0) continue
      added[path] = { version, optional: true, ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }) }
    }
  }
  return Object.fromEntries(Object.entries({ ...packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1)))
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync(LOCKFILE, 'utf8')) as { packages: Record<string, Entry> }
  const before = Object.keys(lock.packages).length
  lock.packages = completed(lock.packages)
  writeFileSync(LOCKFILE, `${JSON.stringify(lock, null, 2)}\n`)
  process.stdout.write(
    `${Object.keys(lock.packages).length - before} platform packages added to the lockfile\n`,
  )
}
