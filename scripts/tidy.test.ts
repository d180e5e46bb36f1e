// Owns: the proof that every rule of tidy fires on a planted violation and keeps quiet on what is allowed.
import { describe, expect, test } from 'vitest'
import { check, report, tooFew } from './tidy.ts'
import { ignorePatterns, isIgnored } from './tidy/text.ts'

/** The lines printed for one file that some package exports, so that only its own rules can fire. */
function broken(path: string, text: string, hosts: readonly string[] = []): string[] {
  const manifest = JSON.stringify({ exports: { '.': `./${path}` } })
  const lines = report(
    check(
      [
        { path: 'package.json', text: manifest },
        { path, text },
      ],
      hosts,
    ),
  )
  return lines.map((line) => line.replace(`${path}:`, ''))
}

const BAN = 'take time, ids and chance from the ports (clock.ts and ids.ts own them)'
const NOTE = '1 note a note of work to do needs an issue number'
const MACHINE = ['', 'work', 'tree'].join('/')

describe('import direction: refused', () => {
  test.each([
    ['packages/core/src/a.ts', 'node:fs', "packages/core must not import 'node:fs'"],
    ['packages/core/src/a.ts', 'zod', "packages/core must not import the package 'zod'"],
    ['packages/core/src/a.ts', '@ensemble/runtime', "packages/core must not import '@ensemble/runtime'"],
    [
      'packages/core/src/a.ts',
      '../../runtime/src/b.ts',
      "'../../runtime/src/b.ts' leaves packages/core: import the other package by its name",
    ],
    [
      'packages/runtime/src/a.ts',
      '@ensemble/postgres',
      "packages/runtime must not import '@ensemble/postgres'",
    ],
    ['packages/runtime/src/a.ts', 'fs', "packages/runtime must not import 'fs'"],
    ['packages/memory/src/a.ts', '@ensemble/testing', "packages/memory must not import '@ensemble/testing'"],
    ['packages/testing/src/a.ts', 'zod', "packages/testing must not import the package 'zod'"],
    ['packages/http/src/a.ts', '@ensemble/postgres', "packages/http must not import '@ensemble/postgres'"],
    ['packages/strange/src/a.ts', 'zod', 'packages/strange has no line in the table of layers'],
    ['services/contracts/a.ts', 'fastify', "services/contracts must not import the package 'fastify'"],
    [
      'services/contracts/a.ts',
      '@ensemble/runtime',
      "services/contracts must not import '@ensemble/runtime'",
    ],
    [
      'services/order/http.ts',
      '@ensemble/service-payment',
      "no service imports another service: '@ensemble/service-payment'",
    ],
    [
      'services/order/test/a.ts',
      '@ensemble/service-payment',
      "no service imports another service: '@ensemble/service-payment'",
    ],
    [
      'services/order/handlers.ts',
      '@ensemble/postgres',
      "services/order must not import '@ensemble/postgres' outside main.ts",
    ],
    [
      'services/order/order-store.ts',
      '@ensemble/kafka',
      "services/order must not import '@ensemble/kafka' outside main.ts",
    ],
    [
      'examples/01-first.ts',
      '@ensemble/service-order',
      "examples import public packages only, not '@ensemble/service-order'",
    ],
    [
      'examples/01-first.ts',
      '../packages/core/src/a.ts',
      "'../packages/core/src/a.ts' leaves examples: import the other package by its name",
    ],
    [
      'scripts/a.ts',
      '../services/order/order.ts',
      "'../services/order/order.ts' leaves root: import the other package by its name",
    ],
  ])('%s imports %s', (path, specifier, message) => {
    const line = path.startsWith('packages/strange') ? 1 : 2
    for (const form of [`import { b } from '${specifier}'`, `import type { b } from '${specifier}'`]) {
      expect(broken(path, `\n${form}\nb\n`)).toEqual([`${line} layer ${message}`])
    }
    expect(broken(path, `\nconst b = await import('${specifier}')\n`)).toEqual([`${line} layer ${message}`])
    expect(broken(path, `\ntype B = import('${specifier}').B\n`)).toEqual([`${line} layer ${message}`])
  })
})

describe('import direction: allowed', () => {
  test.each([
    ['packages/core/src/plan/a.ts', '../kernel/b.ts'],
    ['packages/core/src/plan/a.test.ts', 'vitest'],
    ['packages/core/src/plan/a.test.ts', '@ensemble/testing'],
    ['packages/runtime/src/a.ts', '@ensemble/core'],
    ['packages/postgres/src/a.ts', 'pg'],
    ['packages/testing/src/a.ts', 'vitest'],
    ['packages/testing/src/a.ts', '@ensemble/memory'],
    ['services/contracts/a.ts', 'zod'],
    ['services/order/handlers.ts', '@ensemble/service-contracts'],
    ['services/order/main.ts', '@ensemble/postgres'],
    ['services/order/main.ts', '@ensemble/kafka'],
    ['services/order/order-store.ts', '@ensemble/postgres'],
    ['services/order/test/a.ts', '@ensemble/postgres'],
    ['apps/all-in-one/main.ts', '@ensemble/service-order'],
    ['examples/01-first.ts', '@ensemble/core'],
    ['benchmarks/a.ts', '@ensemble/service-order'],
    ['regression/a.test.ts', '@ensemble/service-order'],
  ])('%s imports %s', (path, specifier) => {
    expect(broken(path, `import { b } from '${specifier}'\nb\n`)).toEqual([])
  })
})

describe('time, ids and chance', () => {
  const path = 'packages/runtime/src/a.ts'

  test.each([
    ['Date.now()', 'Date.now'],
    ['const now = Date.now', 'Date.now'],
    ['globalThis.Date.now()', 'Date.now'],
    ["Date['now']()", 'Date.now'],
    ['new Date()', 'new Date()'],
    ['Date()', 'Date()'],
    ['Math.random()', 'Math.random'],
    ['performance.now()', 'performance.now'],
    ['process.hrtime.bigint()', 'process.hrtime'],
    ['crypto.randomUUID()', 'crypto.randomUUID'],
    ['const { randomUUID } = crypto', 'randomUUID'],
    ['setTimeout(f, 1)', 'setTimeout'],
    ['globalThis.setInterval(f, 1)', 'setInterval'],
    ['const timers = { wait: setTimeout }', 'setTimeout'],
    ['f(setInterval)', 'setInterval'],
  ])('%s is banned', (code, name) => {
    expect(broken(path, `${code}\n`)).toEqual([`1 banned ${name}: ${BAN}`])
  })

  test('the timers of node are banned by module', () => {
    expect(broken('packages/kafka/src/a.ts', "import { scheduler } from 'node:timers/promises'\n")).toEqual([
      `1 banned node:timers/promises: ${BAN}`,
    ])
  })

  test.each([
    [path, 'new Date(ms)'],
    [path, 'clock.setTimeout(f, 1)'],
    [path, 'type Timer = ReturnType<typeof setTimeout>'],
    [path, 'interface Clock { setTimeout(f: () => void): void }'],
    [path, "// Date.now()\nconst text = 'Math.random()'"],
    ['packages/postgres/src/database/clock.ts', 'Date.now()'],
    ['packages/runtime/src/ids.ts', 'crypto.randomUUID()'],
    ['packages/runtime/src/a.test.ts', 'setTimeout(f, 1)'],
    ['services/order/test/a.ts', 'Date.now()'],
    ['scripts/a.ts', 'performance.now()'],
    ['benchmarks/a.ts', 'performance.now()'],
  ])('%s may say %s', (file, code) => {
    expect(broken(file, `${code}\n`)).toEqual([])
  })
})

describe('sizes', () => {
  const path = 'packages/core/src/a.ts'
  const lines = (count: number): string => 'f()\n'.repeat(count)

  test('a function may have 70 lines and not 71', () => {
    expect(broken(path, `function a() {\n${lines(68)}}\n`)).toEqual([])
    expect(broken(path, `\nfunction a() {\n${lines(69)}}\n`)).toEqual([
      '2 function-length 71 lines, at most 70',
    ])
    expect(broken(path, `const a = () => {\n${lines(69)}}\n`)).toEqual([
      '1 function-length 71 lines, at most 70',
    ])
    expect(broken(path, `class A {\n  a() {\n${lines(69)}  }\n}\n`)).toEqual([
      '2 function-length 71 lines, at most 70',
    ])
  })

  test('a list of scenes is not measured, each scene is', () => {
    const suite = `describe('a', () => {\n${lines(90)}})\n`
    expect(broken('packages/core/src/a.test.ts', suite)).toEqual([])
    expect(broken('packages/testing/src/a.ts', `export function suite() {\n${suite}}\n`)).toEqual([])
    const scene = `describe('a', () => {\ntest('b', () => {\n${lines(69)}})\n})\n`
    expect(broken('packages/core/src/a.test.ts', scene)).toEqual(['2 function-length 71 lines, at most 70'])
  })

  test('a file may have 400 lines and not 401', () => {
    expect(broken(path, lines(400))).toEqual([])
    expect(broken(path, lines(401))).toEqual(['1 file-length 401 lines, at most 400'])
  })

  test('a line of code or SQL may have 120 characters and not 121', () => {
    expect(broken(path, `// ${'x'.repeat(117)}\n`)).toEqual([])
    expect(broken(path, `\n// ${'x'.repeat(118)}\n`)).toEqual(['2 line-length 121 characters, at most 120'])
    expect(broken('a/sql/b.sql', `-- ${'x'.repeat(118)}`)).toEqual([
      '1 line-length 121 characters, at most 120',
    ])
    expect(broken('docs/a.md', 'x'.repeat(500))).toEqual([])
  })

  test('a function may take 4 parameters and not 5, in types too', () => {
    const message = '1 parameters 5 parameters, at most 4: pass one named object'
    expect(broken(path, 'function f(this: A, a: 1, b: 2, c: 3, d: 4) {}\n')).toEqual([])
    expect(broken(path, 'function f(a: 1, b: 2, c: 3, d: 4, e: 5) {}\n')).toEqual([message])
    expect(broken(path, 'type F = (a: 1, b: 2, c: 3, d: 4, e: 5) => void\n')).toEqual([message])
    expect(broken(path, 'interface A { f(a: 1, b: 2, c: 3, d: 4, e: 5): void }\n')).toEqual([message])
  })
})

describe('exports', () => {
  const path = 'packages/core/src/a.ts'

  test('a default export is for configurations only', () => {
    expect(broken(path, '\nexport default 1\n')).toEqual(['2 default-export export it by name'])
    expect(broken(path, 'const a = 1\nexport { a as default }\n')).toEqual([
      '2 default-export export it by name',
    ])
    expect(broken('vitest.config.ts', 'export default 1\n')).toEqual([])
  })

  test('exports are named one by one', () => {
    const line = '1 export-star name what is exported'
    expect(broken('packages/core/src/index.ts', "export * from './b.ts'\n")).toEqual([line])
    expect(broken('packages/core/src/index.ts', "export * as b from './b.ts'\n")).toEqual([line])
  })

  test('a barrel is called index.ts', () => {
    const text = "export { b } from './b.ts'\nexport type { C } from './c.ts'\n"
    expect(broken(path, text)).toEqual(['1 barrel a file that only passes exports on is called index.ts'])
    expect(broken('packages/core/src/index.ts', text)).toEqual([])
    expect(broken(path, `${text}export const d = 1\n`)).toEqual([])
  })
})

describe('notes and tests', () => {
  const path = 'packages/core/src/a.test.ts'

  test('a note of work to do carries an issue number', () => {
    expect(broken(path, '// TODO later\n')).toEqual([NOTE])
    expect(broken(path, '/* FIXME */\n')).toEqual([NOTE])
    expect(broken('a/sql/b.sql', '-- TODO later\n')).toEqual([NOTE])
    expect(broken(path, "// TODO #12 later\n// FIXME (#13)\nconst a = 'TODO'\n")).toEqual([])
  })

  test.each(['only', 'skip'])('.%s in a test', (word) => {
    const line = `1 focus .${word} hides tests: run all of them, or skipIf with a reason a machine can check`
    expect(broken(path, `test.${word}('a', f)\n`)).toEqual([line])
    expect(broken(path, `describe.${word}('a', f)\n`)).toEqual([line])
    expect(broken(path, `it.${word}.each([1])('a', f)\n`)).toEqual([line])
    expect(broken(path, `operator.${word}('saga-1')\nit.skipIf(a)('b', f)\n`)).toEqual([])
  })

  test('a file that does not parse is not passed over', () => {
    expect(broken('packages/core/src/b.ts', 'const = 1\n')).toEqual(['1 syntax Unexpected token'])
  })
})

describe('traces of one machine', () => {
  test('an absolute path of it', () => {
    expect(broken('docs/a.md', `see\n${MACHINE}/a`)).toEqual(['2 machine-path a path of one machine'])
    expect(broken('docs/a.md', `see docs${MACHINE}/a`)).toEqual([])
  })

  test('the host of a package registry, the well-known ones and the one it is set to', () => {
    const line = '1 registry the host of a package registry'
    expect(broken('package-lock.json', `"https://${['registry', 'example', 'org'].join('.')}/a"`)).toEqual([
      line,
    ])
    expect(broken('.npmrc', 'x=//mirror.example/', ['mirror.example'])).toEqual([line])
    expect(broken('.npmrc', 'x=//other.example/', ['mirror.example'])).toEqual([])
  })
})

describe('dead files', () => {
  const file = (path: string, text = ''): { path: string; text: string } => ({ path, text })
  const dead = (path: string): string => `${path}:1 dead-file nothing that starts imports this file`

  test('what no entry reaches is dead, a circle of dead files too', () => {
    const files = [
      file(
        'packages/a/package.json',
        '{"exports":{".":{"default":"./src/index.ts"},"./more":"./src/more.ts"}}',
      ),
      file('packages/a/src/index.ts', "import { b } from './b.ts'\nb()\n"),
      file('packages/a/src/more.ts'),
      file('packages/a/src/b.ts', "export type { C } from './deep/c.ts'\nexport const b = 1\n"),
      file('packages/a/src/deep/c.ts', "new Worker(new URL('./worker.ts', import.meta.url))\n"),
      file('packages/a/src/deep/worker.ts'),
      file('packages/a/src/x.ts', "import { y } from './y.ts'\ny()\n"),
      file('packages/a/src/y.ts', "import { x } from './x.ts'\nx()\n"),
    ]
    const lines = report(check(files)).filter((line) => line.includes('dead-file'))
    expect(lines).toEqual([dead('packages/a/src/x.ts'), dead('packages/a/src/y.ts')])
  })

  test('mains, tests, configurations and what people start by name are entries', () => {
    const entries = [
      'services/a/main.ts',
      'a.config.ts',
      'scripts/a.ts',
      'benchmarks/a.ts',
      'examples/01/a.ts',
    ]
    const others = ['services/a/index.ts', 'scripts/deep/a.ts', 'benchmarks/deep/a.ts']
    const tested = [file('packages/core/src/a.test.ts', "import './b.ts'\n"), file('packages/core/src/b.ts')]
    const files = [...tested, ...[...entries, ...others].map((path) => file(path))]
    expect(report(check(files))).toEqual(others.sort().map(dead))
  })
})

describe('the tree', () => {
  test('too few files are a failure', () => {
    const files = Array.from({ length: 39 }, (_, index) => ({ path: `${index}.ts`, text: '' }))
    expect(tooFew(files)).toBe('saw 39 .ts files, fewer than 40')
    expect(tooFew([...files, { path: 'a.ts', text: '' }])).toBe(undefined)
  })

  test('the ignore list is read from plain lines only', () => {
    const ignore = ignorePatterns('node_modules/\n# words\n\n*.log\n.tmp/\n')
    expect(ignore).toEqual(['node_modules', '*.log', '.tmp'])
    expect(isIgnored('a/node_modules/b.ts', ignore)).toBe(true)
    expect(isIgnored('.git/config', ignore)).toBe(true)
    expect(isIgnored('a/b.log', ignore)).toBe(true)
    expect(isIgnored('a/node_modules.ts', ignore)).toBe(false)
    expect(() => ignorePatterns('!a/**/b')).toThrow(".gitignore: '!a/**/b' is not a plain name")
  })
})
