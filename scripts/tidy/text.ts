// Owns: the rules that need no syntax tree: long lines, traces of one machine, unnumbered notes outside TypeScript.
// Does not own: notes in TypeScript, which are looked for in comments only (code.ts).
import { baseName } from './source.ts'
import type { TextFile, Violation } from './source.ts'

const LINE_LENGTH_MAX = 120
const NOTE_WITHOUT_NUMBER = /\b(?:TODO|FIXME)\b(?!\s*\(?#\d)/
const NOTE_FILES = /\.(?:sql|ya?ml|sh|toml)$|(?:^|\/)Dockerfile/
const LENGTH_FILES = /\.(?:ts|sql)$/

// Absolute only: `docs/root/` or `${home}/root/` are somebody's own folders.
const MACHINE_PATH = /(?<![\w.~$})*-])\/(?:work|root)\//
/** As public registries of npm packages are called; what else this machine is set to is given. */
const REGISTRY_HOST = /\bregistry\.[a-z0-9-]+\.(?:org|com|dev)\b/

export function hasUnnumberedNote(text: string): boolean {
  return NOTE_WITHOUT_NUMBER.test(text)
}

/** `hosts` adds the registry this machine is set to, which no file could know. */
export function checkText(file: TextFile, hosts: readonly string[] = []): Violation[] {
  const { path } = file
  return file.text.split('\n').flatMap((text, index) => {
    const rules: [rule: string, broken: boolean, message: string][] = [
      ['line-length', isTooLong(path, text), `${text.length} characters, at most ${LINE_LENGTH_MAX}`],
      [
        'note',
        NOTE_FILES.test(path) && hasUnnumberedNote(text),
        'a note of work to do needs an issue number',
      ],
      ['machine-path', MACHINE_PATH.test(text), 'a path of one machine'],
      [
        'registry',
        REGISTRY_HOST.test(text) || hosts.some((host) => text.includes(host)),
        'the host of a package registry',
      ],
    ]
    return rules
      .filter(([, broken]) => broken)
      .map(([rule, , message]) => ({ path, line: index + 1, rule, message }))
  })
}

function isTooLong(path: string, text: string): boolean {
  return LENGTH_FILES.test(path) && text.length > LINE_LENGTH_MAX
}

/** Files tidy looks at: what git would not ignore, told without git because a release archive has none. */
export function isIgnored(path: string, ignore: readonly string[]): boolean {
  return path.split('/').some((part) => part === '.git' || ignore.some((pattern) => matches(part, pattern)))
}

/** Understands the plain lines of our .gitignore (`name/`, `name`, `*.ext`) and refuses any other. */
export function ignorePatterns(gitignore: string): string[] {
  const lines = gitignore.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const name = line.replace(/\/$/, '')
      if (!/^(?:\*\.)?[\w.@-]+$/.test(name)) throw new Error(`.gitignore: '${line}' is not a plain name`)
      return name
    })
}

function matches(part: string, pattern: string): boolean {
  return pattern.startsWith('*') ? baseName(part).endsWith(pattern.slice(1)) : part === pattern
}
