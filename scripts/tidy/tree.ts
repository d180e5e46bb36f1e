// Owns: reading the project's text files, without what git would ignore.
import { readdirSync, readFileSync } from 'node:fs'
import type { TextFile } from './source.ts'
import { ignorePatterns, isIgnored } from './text.ts'

const ROOT = new URL('../../', import.meta.url)
const BINARY = /\.(?:png|jpe?g|gif|ico|webp|woff2?|gz|zip|pdf)$/

/** Paths are relative to the project's root. */
export function readTree(): TextFile[] {
  return readFolder('', ignorePatterns(readFileSync(new URL('.gitignore', ROOT), 'utf8')))
}

function readFolder(folder: string, ignore: readonly string[]): TextFile[] {
  return readdirSync(new URL(folder, ROOT), { withFileTypes: true }).flatMap((entry) => {
    const path = folder + entry.name
    if (isIgnored(path, ignore)) return []
    if (entry.isDirectory()) return readFolder(`${path}/`, ignore)
    if (!entry.isFile() || BINARY.test(path)) return []
    return [{ path, text: readFileSync(new URL(path, ROOT), 'utf8') }]
  })
}
