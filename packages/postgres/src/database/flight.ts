/**
 * Owns how statements of one connection travel: those sent within one turn of the event loop go together and are
 * answered together. The driver asks for an answer after each (a Sync message), which costs the server a write, this
 * process a read and both a wake-up; here one Sync ends them all. The idea is libpq's pipeline mode.
 * I1: in order, one flight at a time; what is sent meanwhile is the next one.
 * I2: what fails ends its flight: the server passes over the statements behind it, which are told so (`Skipped`).
 * I3: what was sent behind a BEGIN that failed is not executed, in whichever flight: it would commit by itself.
 * I4: answers, failures too, are told when the whole flight has landed: a statement of its own commits with the Sync.
 */
import type { Connection, PoolClient, Submittable } from 'pg'
import { DatabaseError } from './errors.ts'
import { Passenger } from './passenger.ts'
import type { Answer, Booking, DriverConnection } from './passenger.ts'

/** It was not executed: a statement before it failed. */
export class Skipped extends DatabaseError {
  constructor() {
    super('ROLLED_BACK', 'not executed: a statement before it failed', { sqlState: '25P02' })
  }
}

/** That the session is ready again, or gone. */
const ANSWER_ENDS = ['readyForQuery', 'end'] as const

const lanes = new WeakMap<PoolClient, Lane>()

/** Sends a statement with the others of this turn; its answer, or the driver's or server's error. */
export function travel(client: PoolClient, booking: Booking): Promise<Answer> {
  const lane = lanes.get(client) ?? new Lane(client)
  lanes.set(client, lane)
  return lane.book(booking)
}

class Lane {
  readonly #client: PoolClient
  readonly #waiting: Passenger[] = []
  #isBusy = false
  #isCalled = false

  constructor(client: PoolClient) {
    this.#client = client
  }

  book(booking: Booking): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(new Passenger(booking, this.#client, { resolve, reject }))
      this.#call()
    })
  }

  #call(): void {
    if (this.#isBusy || this.#isCalled) return
    this.#isCalled = true
    process.nextTick(() => {
      this.#isCalled = false
      this.#board()
    })
  }

  #board(): void {
    const plain = this.#waiting.findIndex(({ isPlain }) => isPlain)
    const boarding = this.#waiting.splice(0, plain === -1 ? this.#waiting.length : Math.max(1, plain))
    if (boarding.length === 0) return
    this.#isBusy = true
    const landed = (hasBegun: boolean): void => {
      this.#isBusy = false
      if (!hasBegun) for (const passenger of this.#waiting.splice(0)) passenger.refuse(new Skipped())
      if (this.#waiting.length > 0) this.#call()
    }
    this.#client.query(new Flight(boarding, landed))
  }
}

/** What the driver's client sends and tells what comes back. */
class Flight implements Submittable {
  readonly #passengers: readonly Passenger[]
  readonly #landed: (hasBegun: boolean) => void
  /** The first that the server has not answered. */
  #at = 0

  constructor(passengers: readonly Passenger[], landed: (hasBegun: boolean) => void) {
    this.#passengers = passengers
    this.#landed = landed
  }

  /** Read by the driver's client, which notes the statement that has been parsed. */
  get name(): string | undefined {
    return this.#current?.name ?? undefined
  }

  get text(): string | undefined {
    return this.#current?.text
  }

  get #current(): Passenger | undefined {
    while (this.#passengers[this.#at]?.isRefused === true) this.#at += 1
    return this.#passengers[this.#at]
  }

  submit(driver: Connection): null {
    const connection = driver as unknown as DriverConnection
    connection.stream.cork()
    try {
      for (const passenger of this.#passengers) passenger.board(connection)
      if (this.#current?.isPlain !== true) connection.sync()
    } finally {
      connection.stream.uncork()
    }
    for (const passenger of this.#passengers) passenger.sent()
    return null
  }

  handleRowDescription(message: Parameters<Passenger['columns']>[0]): void {
    this.#current?.columns(message)
  }

  handleDataRow(message: Parameters<Passenger['row']>[0]): void {
    this.#current?.row(message)
  }

  handleCommandComplete(message: Parameters<Passenger['complete']>[0]): void {
    const current = this.#current
    current?.complete(message)
    // Plain text may hold more statements; only its end tells that it has been answered.
    if (current?.isPlain !== true) this.#at += 1
  }

  handleEmptyQuery(): void {
    this.#at += 1
  }

  handleCopyInResponse(connection: DriverConnection): void {
    connection.sendCopyFail('COPY FROM STDIN is not supported')
  }

  handleReadyForQuery(): void {
    this.#landed(true)
    for (const passenger of this.#passengers) passenger.arrive()
  }

  /**
   * From the server for the current statement, or from the driver for all: the connection is gone. What the server
   * refused is told when its answer has ended, for only that says in which state the session is.
   */
  handleError(error: unknown, connection: DriverConnection): void {
    const failed = this.#current
    if (failed === undefined || typeof error !== 'object' || error === null || !('severity' in error)) {
      this.#landed(true)
      for (const passenger of this.#passengers) passenger.refuse(error)
      return
    }
    const land = (): void => {
      for (const event of ANSWER_ENDS) connection.off(event, land)
      this.#landed(failed.text !== 'BEGIN')
      this.#tell(failed, error, connection)
    }
    // Behind the client's own listeners, so that it knows the state by then.
    for (const event of ANSWER_ENDS) connection.on(event, land)
  }

  #tell(failed: Passenger, error: unknown, { submittedNamedStatements }: DriverConnection): void {
    for (const [index, passenger] of this.#passengers.entries()) {
      if (index < this.#at) passenger.arrive()
      else if (passenger === failed) passenger.refuse(error)
      else {
        // Its Parse was passed over, too.
        if (passenger.name !== null) delete submittedNamedStatements[passenger.name]
        passenger.refuse(new Skipped())
      }
    }
  }
}
