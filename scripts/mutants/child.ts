// Owns: one process with one mutant in its engine: it runs the simulator seed by seed until a checker objects, and
// tells each seed on a line of its own. Run by scripts/mutants.ts: `child.ts NAME SEED SEED ...`.
// I1: the bug is put in while the engine is loaded, before any of its modules is; files stay as they are.
// I2: a mutant that was never loaded is an error, not a survivor.
import { registerHooks } from 'node:module'
import { mutants } from './list.ts'
import { mutated, sourceUrl, type Mutant } from './mutant.ts'

/** Null for the engine as it is. */
function inject(mutant: Mutant | null): { readonly isLoaded: () => boolean } {
  let isLoaded = mutant === null
  const url = mutant === null ? null : sourceUrl(mutant).href
  registerHooks({
    load: (loading, context, next) => {
      const loaded = next(loading, context)
      if (mutant === null || loading !== url) return loaded
      isLoaded = true
      const source =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      return { ...loaded, source: mutated(source, mutant) }
    },
  })
  return { isLoaded: () => isLoaded }
}

const [name = '', from = '1', to = from] = process.argv.slice(2)
const mutant = mutants.find((candidate) => candidate.name === name) ?? null
if (mutant === null && name !== '') throw new Error(`no mutant is called '${name}'`)
const { isLoaded } = inject(mutant)
const { generated, run } = await import('@ensemble/simulator')
if (!isLoaded()) throw new Error(`mutant '${name}' was never loaded`)
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  const { violations } = await run({ seed, subject: generated })
  process.stdout.write(`${JSON.stringify({ seed, violations: violations.slice(0, 3) })}\n`)
  if (violations.length > 0) break
}
