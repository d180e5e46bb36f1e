// The settings of brokers of one's own: loopback only, and three of them lose nothing when one dies.
import { expect, test } from 'vitest'
import { pomOf } from '../src/broker/jars.ts'
import { propertiesOf } from '../src/broker/properties.ts'

const nodes = [1, 2, 3].map((id) => ({ id, port: 100 + id, controllerPort: 200 + id }))
const linesOf = (count: number) => {
  const [node] = nodes
  if (node === undefined) throw new Error('no node')
  return propertiesOf(node, nodes.slice(0, count), '/data').split('\n')
}

test('one broker', () => {
  expect(linesOf(1)).toEqual(
    expect.arrayContaining([
      'listeners=PLAINTEXT://127.0.0.1:101,CONTROLLER://127.0.0.1:201',
      'controller.quorum.voters=1@127.0.0.1:201',
      'default.replication.factor=1',
      'min.insync.replicas=1',
      'log.dirs=/data',
    ]),
  )
})

test('three brokers', () => {
  expect(linesOf(3)).toEqual(
    expect.arrayContaining([
      'controller.quorum.voters=1@127.0.0.1:201,2@127.0.0.1:202,3@127.0.0.1:203',
      'default.replication.factor=3',
      'offsets.topic.replication.factor=3',
      'min.insync.replicas=2',
    ]),
  )
})

test('one broker that wants TLS and SASL beside', () => {
  const [node] = nodes
  if (node === undefined) throw new Error('no node')
  const secured = { port: 301, store: '/keys', storePassword: 's', username: 'u', password: 'p' }
  expect(propertiesOf({ ...node, secured }, [node], '/data').split('\n')).toEqual(
    expect.arrayContaining([
      'listeners=PLAINTEXT://127.0.0.1:101,SECURED://127.0.0.1:301,CONTROLLER://127.0.0.1:201',
      'advertised.listeners=PLAINTEXT://127.0.0.1:101,SECURED://127.0.0.1:301',
      'listener.name.secured.ssl.keystore.location=/keys',
      expect.stringMatching(/^listener\.name\.secured\.plain\.sasl\.jaas\.config=.* required user_u="p";$/),
    ]),
  )
})

test('the jars are named for Maven', () => {
  expect(pomOf([['g', 'n', '1']])).toContain(
    '<dependency><groupId>g</groupId><artifactId>n</artifactId><version>1</version></dependency>',
  )
})
