import { crashedWorker } from './crashed-worker/scenario.js';
import { eventsNotArriving } from './events-not-arriving/scenario.js';
import { gracefulShutdown } from './graceful-shutdown/scenario.js';
import { localstackNotReady } from './localstack-not-ready/scenario.js';
import { malformedMessage } from './malformed-message/scenario.js';
import { poisonOrder } from './poison-order/scenario.js';
import { portConflict } from './port-conflict/scenario.js';
import type { Scenario } from './scenario.js';
import { topologyLost } from './topology-lost/scenario.js';

export const SCENARIOS: readonly Scenario[] = [
  portConflict,
  malformedMessage,
  crashedWorker,
  poisonOrder,
  gracefulShutdown,
  localstackNotReady,
  topologyLost,
  eventsNotArriving,
];
