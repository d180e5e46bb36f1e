// Owns: a front on loopback that lets Elasticsearch's official client meet a real OpenSearch: it says the product's
// name and speaks of plain JSON where the client speaks of a version. Its arguments: its port, the port behind.
// Does not own: answers. Whatever the client asks, the engine behind answers.
import { createServer, request, type IncomingHttpHeaders } from 'node:http'

const HOST = '127.0.0.1'
const PRODUCT = 'Elasticsearch'
/** `application/vnd.elasticsearch+x-ndjson; compatible-with=9` and its like. */
const VERSIONED = /application\/vnd\.elasticsearch\+(json|x-ndjson)\s*;\s*compatible-with=\d+/g

function plain(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      return [name, typeof value === 'string' ? value.replaceAll(VERSIONED, 'application/$1') : value]
    }),
  )
}

const [port, behind] = process.argv.slice(2).map(Number)
const front = createServer((asked, answer) => {
  const { method, url, headers } = asked
  const passed = request(
    { host: HOST, port: behind, method, path: url, headers: plain(headers) },
    (given) => {
      answer.writeHead(given.statusCode ?? 502, { ...given.headers, 'x-elastic-product': PRODUCT })
      given.pipe(answer)
    },
  )
  // As a node that is away: the connection ends without an answer.
  passed.on('error', () => answer.destroy())
  answer.on('close', () => passed.destroy())
  asked.pipe(passed)
})
front.listen(port, HOST)
