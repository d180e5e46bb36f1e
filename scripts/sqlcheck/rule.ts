// Owns: the shape of a rule. Does not own any.
import type { Capability, Schema, Sql } from './source.ts'
import type { TreeNode } from './tree.ts'

/** A statement as rules read it. */
export interface Subject extends Sql {
  readonly nodes: readonly TreeNode[]
  readonly schema: Schema
  /** All SQL, for what one statement says of another. */
  readonly all: readonly Sql[]
}

export type Found = readonly [at: TreeNode, message: string]

export interface Rule {
  /** A number of the table in rules.ts, and a word. */
  readonly name: string
  /** A statement that says it is only for databases with this capability may break the rule. */
  readonly unless?: Capability
  readonly find: (subject: Subject) => readonly Found[]
}

/** A rule about nodes of one type. */
export function about(
  type: string,
  find: (node: TreeNode, subject: Subject) => string | undefined,
): Rule['find'] {
  return (subject) =>
    subject.nodes.flatMap((node): readonly Found[] => {
      const message = node.type === type ? find(node, subject) : undefined
      return message === undefined ? [] : [[node, message]]
    })
}

/** A rule that refuses nodes of some types. */
export function never(types: readonly string[], message: string): Rule['find'] {
  return ({ nodes }) => nodes.filter(({ type }) => types.includes(type)).map((node) => [node, message])
}

export function both(...finds: readonly Rule['find'][]): Rule['find'] {
  return (subject) => finds.flatMap((find) => find(subject))
}
