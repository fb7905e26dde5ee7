import { toFailure } from '@orderflow/domain/failure';
import { askOutside } from '@orderflow/platform/worker/ask-outside';
import type { Fulfilment, FulfilmentResult } from './fulfilment.js';

/** The warehouse's answer cannot be understood. The request is retried. */
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

/** Wraps an adapter: code and message follow the contract, and errors lead to a retry. */
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
