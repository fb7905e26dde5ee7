import type { Api, ApiAnswer } from '@orderflow/orderctl/send/api';

type FakeApi = Api & { asked: string[] };

/** An API that returns these answers in order, and then repeats the last. An error means no answer. */
export function createFakeApi(...answers: (ApiAnswer | Error)[]): FakeApi {
  const asked: string[] = [];
  const next = (what: string): Promise<ApiAnswer> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? new Error('there is no answer');
    asked.push(what);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { asked, get: (path) => next(path), post: (_path, _body, key) => next(key) };
}
