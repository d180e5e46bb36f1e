// Owns: the word for messages that a bus no longer has though a group has not read them.

export interface Loss {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** Where the group stands. */
  readonly nextOffset: number
  /** The first offset that the log still has, as far as it says. */
  readonly startOffset: number
}

/** The log no longer has what comes next for a group; an operator decides to go on behind the loss. */
export class MessagesLost extends Error {
  override readonly name = 'MessagesLost'
  readonly code = 'MESSAGES_LOST'
  readonly loss: Loss

  constructor(loss: Loss) {
    const { group, topic, partition, nextOffset, startOffset } = loss
    super(`${group} reads ${topic}/${partition} at ${nextOffset}, the log has it from ${startOffset} on`)
    this.loss = loss
  }
}
