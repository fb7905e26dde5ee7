/** Batch calls whose parts are allowed and refused one by one. */
import type { AwsRequest } from '../faulty-network/aws-json.js';
import type { UpstreamAnswer } from '../faulty-network/upstream.js';

type Refused = { message: string };
type Parts = {
  /** The member of the request that has them. */
  of: 'Statements' | 'Entries';
  all: readonly object[];
  /** The member of the answer that has their results, in the same order. */
  results: 'Responses' | 'Entries';
  refuse: (refusal: Refused) => object;
  countOf?: (refused: number, body: object) => object;
};

/** The parts of a call; undefined if it is allowed or refused as a whole. */
export function partsOf(call: string, { Statements = [], Entries = [] }: AwsRequest): Parts | undefined {
  // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
  if (call === 'DynamoDB BatchExecuteStatement') {
    const refuse = ({ message }: Refused) => ({ Error: { Code: 'AccessDenied', Message: message } });
    return { of: 'Statements', all: Statements, results: 'Responses', refuse };
  }
  // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
  if (call === 'EventBridge PutEvents') {
    const refuse = ({ message }: Refused) => ({ ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: message });
    const countOf = (refused: number, { FailedEntryCount = 0 }: { FailedEntryCount?: number }) => ({
      FailedEntryCount: FailedEntryCount + refused,
    });
    return { of: 'Entries', all: Entries, results: 'Entries', refuse, countOf };
  }
  return undefined;
}

/** Makes the call with the parts that are allowed, and adds the refusals of the others to its answer. */
export async function callWithoutParts(
  { of, all, results, refuse, countOf }: Parts,
  refusals: readonly (Refused | undefined)[],
  forward: (left: object) => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> {
  const left = all.filter((_, index) => !refusals[index]);
  let answer: UpstreamAnswer = {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: Buffer.from('{}'),
  };
  if (left.length > 0) answer = await forward({ [of]: left });
  if (answer.status !== 200) return answer;
  const body = JSON.parse(answer.body.toString()) as Record<string, object[] | undefined>;
  const given = body[results] ?? [];
  const merged = refusals.map((refusal) => (refusal ? refuse(refusal) : given.shift()));
  const refused = all.length - left.length;
  return { ...answer, body: Buffer.from(JSON.stringify({ ...body, ...countOf?.(refused, body), [results]: merged })) };
}
