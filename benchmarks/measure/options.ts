// Owns: reading a command line against a schema: every problem at once, by the name of its flag.
// I1: `valueBytes` in the schema is `--value-bytes` on the line; a flag that no schema names is refused.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import * as z from 'zod'

/** What a person typed cannot be run; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export function readOptions<Shape extends z.core.$ZodLooseShape>(
  args: readonly string[],
  schema: z.ZodObject<Shape>,
): z.output<z.ZodObject<Shape>> {
  const read = schema.safeParse(valuesOf(args, Object.keys(schema.shape)))
  if (read.success) return read.data
  const problems = read.error.issues.map(({ path, message }) => `--${flagOf(String(path[0]))}: ${message}`)
  throw new UsageError(problems.join('\n'))
}

/** A list on one line: words with commas between them. */
export function words<Schema extends z.ZodType<unknown, string>>(word: Schema) {
  return z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(word).min(1))
}

/** The other way: the flags that give these options, without those that are undefined. */
export function flagsOf(options: Readonly<Record<string, string | number | undefined>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${flagOf(name)}`, String(value)],
  )
}

function valuesOf(args: readonly string[], names: readonly string[]): Record<string, string> {
  const flags = Object.fromEntries(names.map((name) => [flagOf(name), { type: 'string' } as const]))
  try {
    const options: ParseArgsOptionsConfig = { ...flags, help: { type: 'boolean' } }
    const values = new Map(Object.entries(parseArgs({ args: [...args], options }).values))
    if (values.has('help')) throw new UsageError('what can be said:')
    const given = names.map((name) => [name, values.get(flagOf(name))] as const)
    return Object.fromEntries(
      given.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    )
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error
  }
}

function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Runs a command; what a person can mend is told with the usage instead of a stack. */
export async function command(
  usage: string,
  main: (args: readonly string[]) => Promise<void>,
): Promise<void> {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n${usage}\n`)
    process.exitCode = 1
  }
}
