// A message for tests, as it stands before anybody was asked.
import type { Message } from '../message.ts'

export const NOW = Date.parse('2026-11-23T10:00:00.000Z')

export function messageOf(of: Partial<Message> = {}): Message {
  return {
    id: '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21',
    channel: 'sms',
    template: null,
    userId: null,
    address: '+6281247930699',
    subject: '',
    text: 'Hello',
    details: { language: 'en', data: {}, sender: null, isOtp: false },
    status: 'QUEUE',
    round: 0,
    attempts: [],
    fingerprint: '',
    createdAt: NOW,
    updatedAt: NOW,
    ...of,
  }
}
