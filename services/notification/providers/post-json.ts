// Owns: one JSON call to a provider without an SDK, bounded in time and in what is read of the answer.
import type { Sent } from '../delivery.ts'
import { sentOfFault } from './provider.ts'

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly timeoutMs: number
}

const ANSWER_LENGTH_MAX = 100_000

/** `judge` sees the status and the decoded answer, or its text where it is no JSON. */
export async function postJson(
  { url, headers, body, timeoutMs }: Post,
  judge: (status: number, answer: unknown) => Sent,
): Promise<Sent> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return judge(answer.status, decoded(await answer.text()))
  } catch (error) {
    return sentOfFault(error)
  }
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text.slice(0, ANSWER_LENGTH_MAX))
  } catch {
    return text.slice(0, ANSWER_LENGTH_MAX)
  }
}
