// Owns: spans of time as people write them, `30s`, `10m`, `1d`. A span without a unit does not compile and
// does not parse.

export type Span = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a span. Throws a TypeError that shows the accepted forms. */
export function spanMs(span: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(span)
  const unitMs = UNIT_MS[match?.[2] ?? '']
  if (match === null || unitMs === undefined) {
    throw new TypeError(
      `'${span}' is not a span of time; write a number and a unit: 500ms, 30s, 10m, 2h or 1d`,
    )
  }
  return Math.round(Number(match[1]) * unitMs)
}
