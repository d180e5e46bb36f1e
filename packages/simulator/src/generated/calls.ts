// Owns: how the made-up participants call the outside world, with keys and without.
import { rejected, succeeded } from '@ensemble/core'
import { effect } from '@ensemble/runtime'
import type { Outside } from '../outside.ts'
import type { Contract, Ordered } from './contracts.ts'

export function callingHandlers(contract: Contract, outside: Outside) {
  const on = { provider: 'keyed', timeoutMs: 1_000 } as const
  const ask = (call: { input: Ordered; operation: string; run: string | null; signal: AbortSignal }) =>
    outside.ask(call, { manner: null, hasKeys: true })
  const refusing = (
    call: { input: Ordered; operation: string; run: string | null; signal: AbortSignal },
    hasKeys: boolean,
  ) =>
    outside.ask(call, {
      manner: call.input.part.run === 'reject' ? 'reject' : hasKeys ? call.input.part.manner : null,
      hasKeys,
    })
  return {
    call: effect(contract.call, { ...on, call: async (call) => refusable(await refusing(call, true)) }),
    uncall: effect(contract.uncall, {
      ...on,
      call: async (call) => {
        await ask(call)
        return succeeded()
      },
    }),
    recall: effect(contract.recall, {
      ...on,
      call: async (call) => {
        await ask(call)
        return succeeded()
      },
    }),
    reguess: effect(contract.reguess, {
      ...on,
      provider: 'keyless',
      onUnknown: 'give up',
      call: async (call) => {
        await refusing({ ...call, input: { ...call.input, part: { ...call.input.part, run: 'ok' } } }, false)
        return succeeded()
      },
    }),
    guess: effect(contract.guess, {
      ...on,
      provider: 'keyless',
      onUnknown: 'give up',
      call: async (call) => refusable(await refusing(call, false)),
    }),
  }
}

function refusable({ status }: { readonly status: string }) {
  return status === 'succeeded' ? succeeded({ called: true }) : rejected('no', {})
}
