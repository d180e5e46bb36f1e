// Owns: what customers remember of a run, as they saw it from outside: what they asked for and what they were told.
// Does not own: asking (customers.ts), comparing it with the books (verdict.ts).

export type Pattern = 'orchestration' | 'choreography'

export type Scene =
  | 'pays'
  | 'pays in parts'
  | 'pays too much'
  | 'pays never'
  | 'pays a part only'
  | 'cancels'
  | 'cancels while paying'
  | 'is unknown'
  | 'pays later'
  | 'pays later never'
  | 'pays later too much'

/** taken: it was said to be done; refused: it was said not to be, and why; unknown: no answer came in time. */
export type Told = 'taken' | 'refused' | 'unknown'

export interface PaymentReceipt {
  /** Its own for every payment, so that the ledger can be searched for it. */
  readonly account: string
  readonly amount: number
  readonly told: Told
}

export interface OrderReceipt {
  readonly scene: Scene
  readonly pattern: Pattern
  /** Its own for every order. */
  readonly number: string
  readonly user: string
  /** undefined when no answer came: the order may exist all the same, under this number. */
  readonly uuid: string | undefined
  readonly payments: readonly PaymentReceipt[]
  readonly cancel: Told | 'not asked'
  /** Whether an answer said that the payment is complete. */
  readonly isPaid: boolean
}

export interface UserReceipt {
  /** Its own for every user. */
  readonly email: string
  readonly pattern: Pattern
  readonly uuid: string | undefined
}

export interface Receipts {
  readonly users: readonly UserReceipt[]
  readonly orders: readonly OrderReceipt[]
}
