import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from '@jest/globals';
import { CALLER, createWatched, errorOf, failure, JOBS, POLICY } from '@orderflow/testing/aws/watched-clients';

describe('a denied entry of a call that succeeds', () => {
  const INSERT = `INSERT INTO "jobs" VALUE {'jobId': ?}`;
  const UPDATE = `UPDATE "notes" SET "x" = ? WHERE "noteId" = ?`;

  it('names the statement that is denied, and not its neighbours', async () => {
    const { fakes, denials, log, statements } = createWatched();
    fakes.dynamo.rejectEntriesNext('BatchExecuteStatement', 'AccessDenied');
    await statements(INSERT, UPDATE);
    expect(denials.reasons()).toEqual([`not allowed: dynamodb:PartiQLInsert on jobs (policy ${POLICY})`]);
    // Another action that is allowed proves nothing. A condition that does not hold was allowed.
    await statements(UPDATE);
    expect(denials.reasons()).toHaveLength(1);
    await statements(INSERT);
    await statements(INSERT);
    expect(denials.reasons()).toEqual([]);
    expect(log.messages()).toEqual(['a permission is missing', 'AWS allows it again']);
  });

  it('names the statement that AWS names when it denies the whole call', async () => {
    const { fakes, denials, statements } = createWatched();
    const text = `${CALLER} dynamodb:PartiQLUpdate on resource: ${JOBS} because no identity-based policy allows it`;
    fakes.dynamo.failNext('BatchExecuteStatement', errorOf('AccessDeniedException', text));
    await failure(statements(INSERT, UPDATE));
    expect(denials.reasons()).toEqual([`not allowed: dynamodb:PartiQLUpdate on notes (policy ${POLICY})`]);
  });

  it('names the table that AWS names when it denies the whole call', async () => {
    const { fakes, denials, statements } = createWatched();
    const text = `${CALLER} dynamodb:PartiQLUpdate on resource: ${JOBS.replace('jobs', 'notes')} because`;
    fakes.dynamo.failNext('BatchExecuteStatement', errorOf('AccessDeniedException', text));
    await failure(statements(UPDATE.replace('notes', 'jobs'), UPDATE));
    expect(denials.reasons()).toEqual([`not allowed: dynamodb:PartiQLUpdate on notes (policy ${POLICY})`]);
  });

  it('lasts while events of other types are allowed', async () => {
    const { fakes, aws, denials, log } = createWatched();
    const publish = (...types: string[]) =>
      aws.eventBridge.send(
        new PutEventsCommand({
          Entries: types.map((DetailType) => ({ EventBusName: 'bus', Source: 's', DetailType, Detail: '{}' })),
        }),
      );
    for (let round = 0; round < 2; round++) {
      fakes.eventBridge.rejectEntriesNext('PutEvents', 'NotAuthorizedForDetailTypeException');
      await publish('denied', 'allowed');
      await publish('allowed');
      expect(denials.reasons()).toEqual([`not allowed: events:PutEvents on bus (policy ${POLICY})`]);
    }
    expect(log.messages()).toEqual(['a permission is missing']);
    await publish('denied');
    expect(denials.reasons()).toEqual([]);
  });

  it.each(['NotAuthorizedForSourceException', 'NotAuthorizedForDetailTypeException', 'AccessDeniedException'])(
    'names events:PutEvents for %s',
    async (code) => {
      const { fakes, aws, denials } = createWatched();
      const entry = { EventBusName: 'bus', Source: 's', DetailType: 'd', Detail: '{}' };
      fakes.eventBridge.rejectEntriesNext('PutEvents', code);
      const publish = () => aws.eventBridge.send(new PutEventsCommand({ Entries: [entry, entry] }));
      await publish();
      expect(denials.reasons()).toEqual([`not allowed: events:PutEvents on bus (policy ${POLICY})`]);
      await publish();
      expect(denials.reasons()).toEqual([]);
    },
  );
});
