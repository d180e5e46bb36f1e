// Owns: what a program says when it cannot start or do its work: one line for what people can put right.
// I1: anything unforeseen keeps its stack, because somebody has to find it.
import { inspect } from 'node:util'
import { KafkaError } from '@ensemble/kafka'
import { DatabaseError, EmbeddedError, MigrationError } from '@ensemble/postgres'
import { EnvironmentError } from './config.ts'
import { ConsulError } from './consul/client.ts'
import { PlaceUnknown } from './places.ts'
import { DatabaseUnusable } from './reach.ts'

type Kind = abstract new (...args: never[]) => Error

const KNOWN: readonly Kind[] = [
  EnvironmentError,
  PlaceUnknown,
  DatabaseUnusable,
  DatabaseError,
  EmbeddedError,
  MigrationError,
  KafkaError,
  ConsulError,
]

/** Words for the terminal; `known` are errors of the program itself that explain themselves. */
export function wordsOf(error: unknown, known: readonly Kind[] = []): string {
  const isKnown = [...KNOWN, ...known].some((kind) => error instanceof kind)
  return isKnown && error instanceof Error ? error.message : inspect(error)
}
