import { toFailure } from '@orderflow/domain/failure';
import { askOutside } from '@orderflow/platform/worker/ask-outside';
import type { Fulfilment, FulfilmentResult } from './fulfilment.js';

/** The warehouse answered, but nobody knows what: it is asked again. */
class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}

const REFUSED = { code: 'REFUSED', message: 'The warehouse gave no reason.' };

function checkFulfilled(answer: unknown): FulfilmentResult {
  const { fulfilled } = Object(answer) as { fulfilled?: unknown };
  if (fulfilled === true) return { fulfilled };
  if (fulfilled !== false) throw new MalformedAnswerError('the warehouse did not say whether it fulfilled the order');
  const { code, message } = toFailure(answer, REFUSED);
  return { fulfilled, code, message };
}

/** Stands between an adapter and the domain: code and message are as the contract wants them, errors mean a retry. */
export function checkFulfilment(adapter: Fulfilment): Fulfilment {
  return {
    fulfil: (request) => askOutside('the warehouse', async () => checkFulfilled(await adapter.fulfil(request))),
    cancel: (request) =>
      askOutside('the warehouse', async () => {
        const answer: unknown = await adapter.cancel(request);
        if (answer === 'cancelled' || answer === 'fulfilled') return answer;
        throw new MalformedAnswerError('the warehouse did not say whether it cancelled the order');
      }),
  };
}
