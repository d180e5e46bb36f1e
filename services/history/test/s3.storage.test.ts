// Scenes: the suite of storages, on an S3 server.
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { systemClock } from '@ensemble/runtime'
import { describe } from 'vitest'
import { batchOf } from '../storage.ts'
import { foldedStorage } from '../storages/folded.ts'
import { s3Facts } from '../storages/s3.ts'
import { storageConformance } from './conformance.ts'
import { consumed } from './consumed.ts'
import { factScenes } from './fact-scenes.ts'
import { freshName, isThere, placeOf } from './place.ts'

describe.skipIf(!isThere('s3'))('s3', () => {
  storageConformance(async () => {
    const place = { ...placeOf('s3'), prefix: `${freshName()}/` }
    const {
      bucket: Bucket,
      prefix: Prefix,
      region,
      endpoint = '',
      accessKeyId = '',
      secretAccessKey = '',
    } = place
    const facts = s3Facts(place)
    const credentials = { accessKeyId, secretAccessKey }
    const client = new S3Client({ region, endpoint, forcePathStyle: true, credentials })
    return {
      storage: foldedStorage(facts, systemClock),
      record: (storage, messages) => consumed(messages, (some) => storage.record({} as never, batchOf(some))),
      everything: async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }))
        const texts = Contents.map(async ({ Key }) => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
          return await Body?.transformToString()
        })
        return (await Promise.all(texts)).join('\n')
      },
      end: async () => {
        client.destroy()
        await facts.close()
      },
    }
  })
  factScenes(async () => s3Facts({ ...placeOf('s3'), prefix: `${freshName()}/` }))
})
