// Owns: what the last line of CI says. Does not own: running the checks.
import { expect, test } from 'vitest'
import { verdict } from './ci.ts'

const green = { status: 'passed', assertionResults: [{ status: 'passed' }] }
const red = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] }
const unloadable = { status: 'failed', assertionResults: [] }

test('a green run', () => {
  expect(verdict({ numPassedTests: 1, numFailedTests: 0, testResults: [green] }, 0)).toBe(
    '1 passed, 0 failed',
  )
})

test('a file that cannot be loaded counts as a failure beside the failed tests', () => {
  const report = { numPassedTests: 2, numFailedTests: 1, testResults: [green, red, unloadable] }
  expect(verdict(report, 1)).toBe('2 passed, 2 failed')
})

test('an error that belongs to no test is still a failure', () => {
  expect(verdict({ numPassedTests: 1, numFailedTests: 0, testResults: [green] }, 1)).toBe(
    '1 passed, 1 failed',
  )
})

test('no report at all is a failure', () => {
  expect(verdict(undefined, 1)).toBe('0 passed, 1 failed')
})

test('each slow check counts as one test', () => {
  expect(verdict({ numPassedTests: 1, numFailedTests: 0, testResults: [green] }, 0, [true, false])).toBe(
    '2 passed, 1 failed',
  )
})
