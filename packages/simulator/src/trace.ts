// Owns: what happened in a run, one line per event, and its hash.
export class Trace {
  readonly lines: string[] = []
  readonly #options: { readonly now: () => number; readonly keeps: boolean }
  #hash = 0x811c9dc5

  constructor(options: { readonly now: () => number; readonly keeps: boolean }) {
    this.#options = options
  }

  /** FNV-1a over all lines, eight hex digits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  add(who: string, what: string): void {
    const line = `${(this.#options.now() / 1000).toFixed(3).padStart(9)} ${who.padEnd(16)} ${what}`
    for (let index = 0; index < line.length; index += 1)
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193)
    if (this.#options.keeps) this.lines.push(line)
  }
}
