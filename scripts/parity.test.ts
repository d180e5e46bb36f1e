// Owns: that docs/parity.md has every number of the original's contract once, and that it and the table of attacks name
// only what exists.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { ROOT } from './docs/blocks.ts'

const NUMBERS = Array.from({ length: 58 }, (_, index) => `C${index + 1}`)

const text = readFileSync(new URL('docs/parity.md', ROOT), 'utf8')
const attacks = readFileSync(new URL('docs/guide/13-auth.md', ROOT), 'utf8')
const rows = [...text.matchAll(/^\| (C\d+) \| ([^|]+) \| (.+) \|$/gm)].map(
  ([, number = '', , shown = '']) => ({
    number,
    files: [...shown.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path),
    scripts: [...shown.matchAll(/`npm (?:run )?([\w:-]+)`/g)].map(([, name = '']) => name),
    shown,
  }),
)

test('every number is there once', () => {
  expect(rows.map(({ number }) => number)).toEqual(NUMBERS)
})

test('every test file that it names is there', () => {
  const files = rows.flatMap((row) => row.files)
  expect(files.length).toBeGreaterThan(NUMBERS.length)
  expect(files.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([])
})

test('every file that is named has tests, in a tier that runs', () => {
  const files = rows.flatMap((row) => row.files)
  const idle = files.filter(
    (path) => !/^(?:test|describe|\w+Scenes|\w*[cC]onformance\w*)\b/m.test(textOf(path)),
  )
  const lost = files.filter((path) => !/(?<!\.type)\.test\.ts$/.test(path))
  expect([idle, lost]).toEqual([[], []])
})

test('every title that is quoted is in that file', () => {
  const quoted = [text, attacks].flatMap((page) =>
    [...page.matchAll(/`([\w./-]+\.test\.ts)`:((?:,? "[^"]+")+)/g)].flatMap(([, path = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ path, title })),
    ),
  )
  expect(quoted.length).toBeGreaterThan(25)
  expect(quoted.filter(({ path, title }) => !textOf(path).includes(title))).toEqual([])
})

function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

test('every script that it names is there', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(manifest)
  expect(rows.flatMap((row) => row.scripts).filter((name) => scripts[name] === undefined)).toEqual([])
})

test('every row is shown by something; what is replaced says by what, and why', () => {
  const bare = rows.filter(({ files, scripts }) => files.length + scripts.length === 0)
  const unsaid = rows.filter(
    ({ shown }) => shown.includes('replaced') && !/replaced by .+, because /.test(shown),
  )
  expect([...bare, ...unsaid].map(({ number }) => number)).toEqual([])
})
