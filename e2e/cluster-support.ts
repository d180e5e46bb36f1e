// Owns: the reference system as processes for one test file, with what they said.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import { startCluster, type Cluster, type ClusterOptions } from '../scripts/cluster/cluster.ts'
import { readInstances } from '../scripts/cluster/options.ts'

export interface TestCluster extends Cluster {
  readonly lines: readonly string[]
  /** Of the gateway. */
  readonly url: string
}

const START_MS_MAX = 120_000

/** A folder that a database server may use, which runs as somebody else where root starts it. */
export async function openFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ensemble-cluster-'))
  await chmod(directory, 0o711)
  return directory
}

export async function removeFolder(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}

/** Two of order and of payment, one of each other. */
export async function startTestCluster(
  options: Pick<ClusterOptions, 'bus' | 'data' | 'env'> & Partial<ClusterOptions>,
): Promise<TestCluster> {
  const lines: string[] = []
  const cluster = await startCluster({
    instances: readInstances('order=2,payment=2', SERVICE_NAMES),
    host: '127.0.0.1',
    port: 0,
    say: (line) => lines.push(line),
    ...options,
  })
  if (!(await cluster.untilReady(START_MS_MAX))) {
    await cluster.stop()
    throw new Error(`not ready after ${START_MS_MAX} ms:\n${lines.join('\n')}`)
  }
  return { ...cluster, lines, url: cluster.urls[0] ?? '' }
}
