// Owns: reading a body safely: JSON, and forms where a route of OAuth wants them.
// I1: keys that would reach a prototype refuse the body; of a key written twice the last one counts, everywhere alike.
// I2: no body nests deeper than BODY_DEPTH_MAX, so whoever walks one may recurse.
// I3: a form's field is there once: of two a proxy in front and the server here may take different ones.
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

/** Forms too (`application/x-www-form-urlencoded`), for the routes of one scope; the body is the fields. */
export function acceptForms(server: Server): void {
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      const fields = [...new URLSearchParams(String(body))]
      const form = Object.fromEntries(fields)
      if (Object.keys(form).length === fields.length) return done(null, form)
      return done(problem(400, 'form-malformed', 'A field of the form is given more than once.'))
    },
  )
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
