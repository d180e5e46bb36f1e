// Scenes: what a bucket answers when another writer has removed an object first. Amazon's says 204; others say 404.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { s3Facts } from '../storages/s3.ts'
import { ORDER, T0 } from './support.ts'

const SUBJECT = `document/order/${ORDER}`
const OLDER = `outlines/${SUBJECT}/1_1_1_begun.json`

let refusal = { status: 404, code: 'NoSuchKey' }
const asked: string[] = []
const server = createServer(answer)

/** A bucket with one older outline, which is gone when it is to be removed. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '', 'http://bucket')
  asked.push(`${request.method} ${pathname.split('/').at(-1)}`)
  const failed = request.method === 'DELETE'
  response.writeHead(failed ? refusal.status : 200, { 'content-type': 'application/xml' })
  response.end(
    failed
      ? `<Error><Code>${refusal.code}</Code><Message>no</Message></Error>`
      : `<ListBucketResult><Contents><Key>${OLDER}</Key></Contents></ListBucketResult>`,
  )
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
beforeEach(() => void asked.splice(0))
afterAll(() => void server.close())

async function putNewer(): Promise<void> {
  const { port } = server.address() as AddressInfo
  const store = s3Facts({
    storage: 's3',
    bucket: 'history',
    prefix: '',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'id',
    secretAccessKey: 'word',
  })
  const times = { createdAt: T0, updatedAt: T0 }
  const found = { sagas: [], words: [], summary: '' }
  const kind = { kind: 'document', family: 'order', state: 'done' } as const
  try {
    await store.put([{ subject: SUBJECT, told: 2, ...kind, ...times, ...found }])
  } finally {
    await store.close()
  }
}

test('given an object that is gone, when it is removed, then that is what was wanted', async () => {
  refusal = { status: 404, code: 'NoSuchKey' }
  await putNewer()
  expect(asked.filter((one) => one.startsWith('DELETE'))).toEqual(['DELETE 1_1_1_begun.json'])
})

test('given a refusal of another kind, when an object is removed, then it is told', async () => {
  refusal = { status: 403, code: 'AccessDenied' }
  await expect(putNewer()).rejects.toMatchObject({ name: 'StorageError' })
})
