// Owns: the programs that a server of one's own needs: a Java, and jars out of Maven's repository, such as Apache
// Kafka's.
// I1: jars are complete or not there: they are copied beside their place and renamed.
import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BrokerError } from './errors.ts'

const run = promisify(execFile)

export const KAFKA_VERSION = '4.2.0'
/** Kafka's own package brings it, its Maven artifact does not, and the broker's log controller needs it. */
const LOG4J_VERSION = '2.25.4'
const JAVA_VERSION_MIN = 17
const DOWNLOAD_MS_MAX = 300_000

export type Artifact = readonly [group: string, name: string, version: string]

const ARTIFACTS: readonly Artifact[] = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.logging.log4j', 'log4j-core', LOG4J_VERSION],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION],
  ['org.apache.logging.log4j', 'log4j-1.2-api', LOG4J_VERSION],
]

/** Errors: NO_JAVA. */
export async function checkJava(): Promise<void> {
  const { stderr } = await run('java', ['-version']).catch((cause: unknown) => {
    throw new BrokerError(
      'NO_JAVA',
      `there is no java here: install a JDK of ${JAVA_VERSION_MIN} or later`,
      cause,
    )
  })
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  if (version >= JAVA_VERSION_MIN) return
  throw new BrokerError('NO_JAVA', `java is ${version} here, ${JAVA_VERSION_MIN} or later is needed`)
}

/**
 * The folder of Kafka's jars in `cache`, downloaded by Maven when it is not there.
 * Errors: NO_MAVEN, DOWNLOAD_FAILED.
 */
export async function kafkaJars(cache: string, say: (line: string) => void): Promise<string> {
  const folder = join(cache, `jars-${KAFKA_VERSION}`)
  return await mavenJars({ folder, what: `Apache Kafka ${KAFKA_VERSION}`, artifacts: ARTIFACTS, say })
}

export interface Jars {
  readonly folder: string
  /** As people call it. */
  readonly what: string
  readonly artifacts: readonly Artifact[]
  readonly say: (line: string) => void
}

/** The folder with the artifacts and all that they need. Errors: NO_MAVEN, DOWNLOAD_FAILED. */
export async function mavenJars({ folder, what, artifacts, say }: Jars): Promise<string> {
  if (await isThere(folder)) return folder
  await run('mvn', ['-version']).catch((cause: unknown) => {
    throw new BrokerError('NO_MAVEN', `there is no mvn here: install Maven, which downloads ${what}`, cause)
  })
  say(`downloading ${what} into ${folder} (once, some 50 MB)`)
  const partial = `${folder}.${process.pid}`
  await mkdir(partial, { recursive: true })
  const pom = join(partial, 'pom.xml')
  await writeFile(pom, pomOf(artifacts))
  const goals = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=.']
  await run('mvn', ['-B', '-q', '-f', pom, ...goals], { timeout: DOWNLOAD_MS_MAX }).catch(
    (cause: unknown) => {
      throw new BrokerError(
        'DOWNLOAD_FAILED',
        `mvn -f ${pom} ${goals.join(' ')} failed: run it to see why`,
        cause,
      )
    },
  )
  // Whoever came first has the same files.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }))
  return folder
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

export function pomOf(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(
    ([group, name, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId>` +
      `<version>${version}</version></dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>ensemble</groupId><artifactId>broker</artifactId><version>1</version>
<dependencies>
${dependencies.join('\n')}
</dependencies>
</project>
`
}
