// Owns: the customers of one play: what they ask for, and that they ask again until they are answered.
// I1: they are people: they outlive the process, so everything they ask has an id that makes asking again harmless.
// I2: they act when they see that they may: a cancel or a payment meets an operation that waits.
import { succeeded } from '@ensemble/core'
import type { Queryable } from '@ensemble/postgres'
import { errorInfo, systemClock } from '@ensemble/runtime'
import type { Probe } from '../tripwire/probe.ts'
import { keyOf, plans, SCENES, till, type Act, type Parcel, type Play } from './contracts.ts'
import { sign } from './stock.ts'
import type { System } from './system.ts'

export interface Shop {
  readonly system: System
  readonly probe: Probe
  /** What customers see of the rows, on a connection of their own. */
  readonly window: Queryable
}

const LOOK_MS = 25
/** Long past what a run is given: a customer that still asks then hides nothing. */
const LOOKS_MAX = 2_400

/** Resolves when everybody has what they wanted, and every saga has ended, as its starter knows it. */
export async function perform(shop: Shop, play: Play): Promise<void> {
  await Promise.all(play.acts.map((act) => performAct(shop, act, keyOf(play, act))))
}

async function performAct(shop: Shop, act: Act, key: string): Promise<void> {
  const { system } = shop
  if (act === 'garbage') await insist(() => system.sendGarbage(key))
  else if (act === 'prune') await insist(() => system.stock.prune())
  else await playScene(shop, { key, scene: act })
}

async function playScene(shop: Shop, parcel: Parcel): Promise<void> {
  await start(shop, parcel)
  await act(shop, parcel)
  const saga = { plan: SCENES[parcel.scene].plan, id: parcel.key }
  const hasEnded = async (): Promise<boolean> => {
    const { status } = await shop.system.desk.ended(saga, { within: '10s' })
    return status !== 'running'
  }
  await until(hasEnded)
}

async function start({ system, probe }: Shop, parcel: Parcel): Promise<void> {
  const { desk, databases } = system
  const plan = plans[SCENES[parcel.scene].plan]
  const request = { id: parcel.key, input: parcel }
  if (plan.name !== 'letter.sign') {
    await insist(() => desk.start(plan, request))
    return
  }
  const together = () => databases.desk.transaction((tx) => desk.startIn(tx, plan, request))
  await insist(() => probe.scoped(together, 'start-in'))
}

async function act(shop: Shop, parcel: Parcel): Promise<void> {
  const { key, scene } = parcel
  const { system, probe } = shop
  const { desk, databases } = system
  const saga = { plan: SCENES[scene].plan, id: key }
  const cancel = { reason: 'changed my mind', by: 'customer' }
  switch (scene) {
    case 'paid':
      await seen(shop, BILL, key)
      // A process does nothing at home with the first call that it has.
      await insist(() => system.till.execute(till.pay, { ...parcel, key: `not-${key}` }))
      await insist(() => system.till.execute(till.pay, parcel, { operation: `pay-${key}` }))
      return
    case 'cancelled':
      await seen(shop, BILL, key)
      await insist(() => desk.cancel(saga, cancel))
      return
    case 'signed':
      await seen(shop, SIGNATURE, key)
      await insist(() => probe.scoped(() => signAndSettle(system, key), 'settle'))
      return
    case 'dropped':
      await seen(shop, SIGNATURE, key)
      await insist(() =>
        probe.scoped(() => databases.desk.transaction((tx) => desk.cancelIn(tx, saga, cancel)), 'cancel-in'),
      )
      return
    case 'refused':
    case 'unfiled':
    case 'unpaid':
    case 'favoured':
    case 'unsure':
      return
    default:
      scene satisfies never
  }
}

async function signAndSettle({ stock, databases }: System, key: string): Promise<void> {
  await databases.stock.transaction(async (tx) => {
    const operation = await sign(tx, key)
    // Signed by an earlier try of this customer.
    if (operation === null) return
    await stock.settle(tx, { operation, outcome: succeeded({}) })
  })
}

const BILL = "SELECT 1 FROM till.bill AS b WHERE b.key = $1::text AND b.state <> 'open'"
const SIGNATURE = 'SELECT 1 FROM stock.signature AS s WHERE s.key = $1::text'

async function seen({ window }: Shop, look: string, key: string): Promise<void> {
  await until(async () => (await window.query(look, [key])).rows.length > 0)
}

/** Errors: the last one, after as many tries as a customer has patience for. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask()
    } catch (error) {
      const { code } = errorInfo(error)
      if (tries >= LOOKS_MAX || !PASSING.has(code)) throw error
      await pause()
    }
  }
}

/** What a customer hears while a process or its database is away. */
const PASSING: ReadonlySet<string> = new Set(
  'CONNECTION COMMIT_UNKNOWN TIMEOUT ROLLED_BACK SERIALIZATION DEADLOCK UNIQUE MOVED'.split(' '),
)

async function until(is: () => Promise<boolean>): Promise<void> {
  for (let looks = 1; !(await insist(is)); looks += 1) {
    if (looks >= LOOKS_MAX) throw new Error('nothing came')
    await pause()
  }
}

const NEVER = new AbortController().signal

async function pause(): Promise<void> {
  await systemClock.sleep(LOOK_MS, NEVER)
}
