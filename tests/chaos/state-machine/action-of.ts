import type { Statement } from '@orderflow/platform/dynamodb/executor';
import type { Action } from './model.js';
import { awaitedIn, read } from './stored.js';
import type { Actor } from './world.js';

/** The model's action for a statement that an actor sends at `now`. */
export function actionOf(actor: Actor, statement: Statement, now: number): Action {
  const { intent, writes } = read(statement);
  const marker = writes.get('outboxAt') as number;
  switch (intent) {
    case 'insert':
      return { kind: 'insert' };
    case 'claim': {
      const { messageId, replayId, givesUp, says } = actor;
      const token = writes.get('claimToken') as string;
      return { kind: 'claim', messageId, replayId, givesUp, says, at: now, token, marker };
    }
    case 'finish':
      return { kind: 'finish', token: actor.token, result: actor.result, marker };
    case 'restart':
      return {
        ...{ kind: 'restart', version: actor.seenVersion, replayId: writes.get('lastReplayId') as string, marker },
      };
    case 'postpone':
      return { kind: 'postpone', token: actor.token };
    case 'move':
      return { kind: 'move', seen: statement.parameters.at(-1) as number, marker };
    case 'note': {
      const attempts = writes.get('outboxAttempts') as number;
      return { kind: 'note', seen: statement.parameters.at(-1) as number, attempts };
    }
    case 'confirm':
      return {
        ...{ kind: 'confirm', version: actor.confirms, consumer: actor.consumer, seen: awaitedIn(statement) },
      };
  }
}
