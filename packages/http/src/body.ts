// Owns: reading a JSON body safely.
// I1: keys that would reach a prototype refuse the body; of a key written twice the last one counts, everywhere alike.
// I2: no body nests deeper than BODY_DEPTH_MAX, so whoever walks one may recurse.
import { problem } from './problem.ts'
import type { Server } from './ports.ts'

/** Ten times what any request of ours needs, and far from any stack's end. */
export const BODY_DEPTH_MAX = 64

/** JSON only, and an empty body is an absent one (clients send the content type with an empty DELETE). */
export function acceptJson(server: Server): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body)
    if (text === '') return done(null, undefined)
    if (depthOf(text) > BODY_DEPTH_MAX) {
      return done(problem(400, 'body-too-deep', `The body nests deeper than ${BODY_DEPTH_MAX} levels.`))
    }
    return parse(request, text, done)
  })
}

/** The deepest nesting of a JSON text, found without parsing it, so that nothing deep is ever built. */
export function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index]
    if (quoted) {
      if (char === '\\') index += 1
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '[' || char === '{') deepest = Math.max(deepest, (depth += 1))
    else if (char === ']' || char === '}') depth -= 1
  }
  return deepest
}
