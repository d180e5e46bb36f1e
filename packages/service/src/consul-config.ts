// Owns: how a process finds Consul, out of the environment.
// I1: a token never shows in what is said about it.
import * as z from 'zod'
import type { ConsulSettings } from './consul/member.ts'
import type { Read } from './kafka-config.ts'

const AgentUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => URL.parse(text)?.href === `${URL.parse(text)?.origin}/`)
const Prefix = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
const KeyPrefix = z.string().regex(/^[\w-]+(?:\/[\w-]+)*\/$/)
const Address = z.string().regex(/^[\w.:-]{1,253}$/)
const Token = z.string().min(1).max(200)
const ANYWHERE = new Set(['0.0.0.0', '::', ''])

/** Undefined without `CONSUL_URL`. `problems` gets what cannot be said of one variable alone. */
export function readConsul(read: Read, problems: string[]): ConsulSettings | undefined {
  const fix = 'set the URL of an agent, without a path, such as http://127.0.0.1:8500'
  const url = read<string | undefined>('CONSUL_URL', AgentUrl, undefined, fix)
  if (url === undefined) return undefined
  const host = read('HOST', z.string(), '127.0.0.1', 'set an address')
  const address = read('CONSUL_ADDRESS', Address, host, 'set a host name or an IP address')
  if (ANYWHERE.has(address))
    problems.push(
      `CONSUL_ADDRESS: is missing with HOST=${host}; set the name or address at which others reach this process`,
    )
  return {
    agent: {
      url: new URL(url).origin,
      token: read<string | undefined>('CONSUL_TOKEN', Token, undefined, 'set up to 200 characters'),
    },
    servicePrefix: read(
      'CONSUL_SERVICE_PREFIX',
      Prefix,
      'ensemble-',
      'set lower-case letters, digits and dashes, such as ensemble-',
    ),
    keyPrefix: read('CONSUL_SETTINGS_PREFIX', KeyPrefix, 'ensemble/', 'set a path with a slash at its end'),
    address,
  }
}
