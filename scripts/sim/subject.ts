// Owns: finding what is to be simulated: the made-up system, or what a file exports as `subject`.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { generated, type Subject } from '@ensemble/simulator'

export async function subjectOf(file: string | null): Promise<Subject> {
  if (file === null) return generated
  const module: unknown = await import(pathToFileURL(resolve(file)).href)
  if (isSubjectModule(module)) return module.subject
  throw new Error(`${file} exports no 'subject': see docs/guide/10-simulate.md`)
}

function isSubjectModule(module: unknown): module is { readonly subject: Subject } {
  const subject = typeof module === 'object' && module !== null && 'subject' in module ? module.subject : null
  return typeof subject === 'object' && subject !== null && 'plans' in subject && 'begin' in subject
}
