import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** A raw request; by default `POST /`. */
export type Attempt = { line?: string; headers?: string[]; body?: string };

export const LIST_TABLES = 'X-Amz-Target: DynamoDB_20120810.ListTables';

/** A signature that names a key. Emulators check no more of it. */
export function signedBy(key: string, service = 'dynamodb'): string {
  return `Authorization: AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}

/** The whole answer, including its status line. */
export async function sendRaw(
  port: number,
  { line = 'POST / HTTP/1.1', headers = [], body = '{}' }: Attempt,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const lines = [line, ...headers, `Content-Length: ${body.length}`, 'Connection: close'];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  return text(socket);
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
