import type { Trial } from './trial.js';
import { badRowsTrial } from './trials/bad-rows.js';
import { backlog } from './trials/backlog.js';
import { clockSteps } from './trials/clock-steps.js';
import { deaths } from './trials/deaths.js';
import { denied } from './trials/denied.js';
import { dualWrites } from './trials/dual-writes.js';
import { forgedEvents } from './trials/forged-events.js';
import { frozenWorker } from './trials/frozen-worker.js';
import { givenUp } from './trials/given-up.js';
import { idempotency } from './trials/idempotency.js';
import { lostInBacklog } from './trials/lost-in-backlog.js';
import { outages } from './trials/outages.js';
import { poison } from './trials/poison.js';
import { ruleOff } from './trials/rule-off.js';
import { stateMachine } from './trials/state-machine.js';
import { stopping } from './trials/stopping.js';
import { stoppingInContainers } from './trials/stopping-in-containers.js';
import { duplicates, kills, workerKills } from './trials/storm.js';
import { suspendedLaptop } from './trials/suspended-laptop.js';
import { wedgedPoller } from './trials/wedged-poller.js';
import { workersAway } from './trials/workers-away.js';

/** In execution order. */
export const TRIALS: readonly Trial[] = [
  kills,
  workerKills,
  duplicates,
  dualWrites,
  deaths,
  backlog,
  lostInBacklog,
  workersAway,
  ruleOff,
  badRowsTrial,
  idempotency,
  poison,
  stopping,
  stoppingInContainers,
  stateMachine,
  outages,
  denied,
  frozenWorker,
  wedgedPoller,
  givenUp,
  clockSteps,
  suspendedLaptop,
  forgedEvents,
];
