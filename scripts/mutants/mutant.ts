// Owns: what a mutant is, a deliberate bug of the engine, written as texts of one source file and what stands there
// instead; and putting it into a source.
// I1: each text to be replaced occurs exactly once, else the mutant is stale: it would prove nothing.

interface Edit {
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly name: string
  /** What goes wrong for a user whose engine has this bug. */
  readonly harm: string
  /** Path from the root of the repository. */
  readonly file: string
  readonly edits: readonly Edit[]
}

/** The source with the bug in it. Errors: when a text to be replaced is not there, or more than once. */
export function mutated(source: string, { name, file, edits }: Mutant): string {
  return edits.reduce((text, { find, replace }) => {
    const parts = text.split(find)
    if (parts.length !== 2)
      throw new Error(`mutant '${name}' is stale: ${file} has ${parts.length - 1} of: ${find}`)
    return parts.join(replace)
  }, source)
}

export function sourceUrl({ file }: Pick<Mutant, 'file'>): URL {
  return new URL(`../../${file}`, import.meta.url)
}
