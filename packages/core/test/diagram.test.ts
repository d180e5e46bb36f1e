// Owns: the flowchart of a plan like the reference system's, in full, and names that Mermaid would read as syntax.
import { expect, test } from 'vitest'
import { mermaid } from '../src/plan/diagram.ts'
import { saga } from '../src/plan/plan.ts'
import { placeOrder } from './place-order.ts'
import { schema } from './schemas.ts'
import { deskNamed } from './scenes.ts'

test('order.place: forward in solid arrows, back in dashed ones, the pivot marked', () => {
  expect(mermaid(placeOrder)).toBe(`flowchart TD
  started(["order.place version 1"])
  run0["openOrder<br/>order.open<br/>compensatable"]
  run1("verifyUser<br/>user.verify<br/>check")
  run2["preparePayment<br/>payment.prepare<br/>compensatable"]
  run3{{"collectPayment<br/>payment.collect<br/>pivot: point of no return"}}
  run4[["completeOrder<br/>order.complete<br/>retriable: until it succeeds"]]
  run5[["notify<br/>notification.notify<br/>retriable: until it succeeds"]]
  undo0["undo openOrder<br/>order.fail"]
  undo2["undo preparePayment<br/>payment.cancel"]
  completed(["order.place.completed"])
  compensated(["order.place.compensated"])
  started --> run0
  run0 --> run1
  run0 -.->|"rejected, withdrawn, faulted"| compensated
  run0 -.->|"unknown, cancelled"| undo0
  run1 --> run2
  run1 -.->|"rejected, withdrawn, faulted, unknown, cancelled"| undo0
  run2 --> run3
  run2 -.->|"rejected, withdrawn, faulted"| undo0
  run2 -.->|"unknown, cancelled"| undo2
  run3 --> run4
  run3 -.->|"rejected, withdrawn, faulted"| undo2
  run4 --> run5
  run5 --> completed
  undo2 -.-> undo0
  undo0 -.-> compensated
  classDef pivot stroke-width:4px
  class run3 pivot
  classDef undo stroke-dasharray:4 4
  class undo0,undo2 undo
`)
})

test('a step that is sent along with the one before is told apart', () => {
  const desk = deskNamed('desk')
  const plan = saga('test.along', { version: 1, input: schema<unknown>(() => []) })
    .compensatable('first', { run: desk.take(() => 1), undo: desk.give(() => 1) })
    .pipelined.pivot('pay', { run: desk.take(() => 1) })
    .retriable('tell', { run: desk.give(() => 1) })
    .end()
  const forward = mermaid(plan)
    .split('\n')
    .filter((line) => line.includes(' -->'))
  expect(forward).toEqual([
    '  started --> run0',
    '  run0 -->|"pipelined"| run1',
    '  run1 --> run2',
    '  run2 --> completed',
  ])
})

test('names that Mermaid reserves stay inside quoted labels', () => {
  const end = deskNamed('end')
  const plan = saga('subgraph.end', { version: 2, input: schema<unknown>(() => []) })
    .retriable('end', { run: end.give(() => 1) })
    .retriable('a--b', { run: end.give(() => 1) })
    .end()
  expect(mermaid(plan)).toBe(`flowchart TD
  started(["subgraph.end version 2"])
  run0[["end<br/>end.give<br/>retriable: until it succeeds"]]
  run1[["a--b<br/>end.give<br/>retriable: until it succeeds"]]
  completed(["subgraph.end.completed"])
  started --> run0
  run0 --> run1
  run1 --> completed
`)
})
