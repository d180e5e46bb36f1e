import { transportConformance } from '@ensemble/testing'
import { kafkaWorld } from './support.ts'

transportConformance({ name: 'Kafka', open: () => kafkaWorld() })
