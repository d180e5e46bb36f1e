// Owns: which providers a message may go to, and in which order. Pure.
// I1: every configured provider of the channel is in the route; routes only change who comes first.
// I2: of the routes that fit a number the longest prefix counts.
import type { Operator } from '@ensemble/service'
import type { Channel } from './address.ts'
import type { Message } from './message.ts'
import { isOwn } from './templates.ts'

/** What routing needs to know of a provider. */
export interface Known {
  readonly name: string
  readonly channel: Channel
  /** Whether it has the templates that callers name, and fills them in. */
  readonly rendersTemplates: boolean
}

/** By operator (`xl`) or by prefix (`+6281`): who comes first. */
export type Routes = Readonly<Record<string, readonly string[]>>

const PREFIXES: Readonly<Record<Operator, string>> = {
  telkomsel: '811 812 813 821 822 823 851 852 853',
  indosat: '814 815 816 855 856 857 858',
  xl: '817 818 819 859 877 878',
  axis: '831 832 833 838',
  three: '892 893 895 896 897 898 899',
  smartfren: '881 882 883 884 885 886 887 888 889',
}

const OPERATOR_OF_PREFIX: ReadonlyMap<string, string> = new Map(
  Object.entries(PREFIXES).flatMap(([operator, prefixes]) =>
    prefixes.split(' ').map((prefix) => [`+62${prefix}`, operator] as const),
  ),
)

/** Who runs the network that a number was given out by. Undefined where that is not known here. */
export function operatorOf(phone: string): string | undefined {
  return OPERATOR_OF_PREFIX.get(phone.slice(0, '+62811'.length))
}

/** `providers` are in the configured order. */
export function routeOf(message: Message, providers: readonly Known[], routes: Routes): readonly string[] {
  const able = providers
    .filter(({ channel }) => channel === message.channel)
    .filter(({ rendersTemplates }) => rendersTemplates || !isForeign(message))
    .map(({ name }) => name)
  const first = (firstChoice(message, routes) ?? []).filter((name) => able.includes(name))
  return [...new Set([...first, ...able])]
}

function firstChoice({ channel, address }: Message, routes: Routes): readonly string[] | undefined {
  if (channel !== 'sms' || address === null) return undefined
  const [longest] = Object.keys(routes)
    .filter((key) => key.startsWith('+') && address.startsWith(key))
    .toSorted((one, other) => other.length - one.length)
  return routes[longest ?? operatorOf(address) ?? '']
}

/** Whether its words are a template that only a provider has: callers may name such. */
export function isForeign({ template }: Pick<Message, 'template'>): boolean {
  return template !== null && !isOwn(template)
}
