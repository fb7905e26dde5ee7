import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';

/** The services' JSON protocols, the same as in the SDK. */
const PROTOCOLS = {
  dynamodb: { target: 'DynamoDB_20120810', version: '1.0' },
  sqs: { target: 'AmazonSQS', version: '1.0' },
  events: { target: 'AWSEvents', version: '1.1' },
} as const;

export type CallAws = <Answer>(service: keyof typeof PROTOCOLS, operation: string, input: object) => Promise<Answer>;

class CallError extends Error {
  override readonly name = 'CallError';
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** AWS calls over bare node:http. Unsigned: emulators check only the key and the service name. */
export function createCallAws({
  AWS_ENDPOINT_URL,
  AWS_ACCESS_KEY_ID = 'test',
  AWS_REGION,
}: {
  AWS_ENDPOINT_URL: string;
  AWS_ACCESS_KEY_ID?: string;
  AWS_REGION: string;
}): CallAws {
  const { hostname: host, port } = new URL(AWS_ENDPOINT_URL);
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

  function send(headers: Record<string, string | number>, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent: ClientRequest = request({ host, port, method: 'POST', path: '/', agent, headers }, resolve);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The server closed an idle connection that was being reused: https://nodejs.org/api/http.html#requestreusedsocket
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(send(headers, body));
        else reject(error);
      });
      sent.end(body);
    });
  }

  return async <Answer>(service: keyof typeof PROTOCOLS, operation: string, input: object) => {
    const { target, version } = PROTOCOLS[service];
    const body = Buffer.from(JSON.stringify(input));
    const response = await send(
      {
        'content-type': `application/x-amz-json-${version}`,
        'content-length': body.length,
        'x-amz-target': `${target}.${operation}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/20200101/${AWS_REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body,
    );
    const text = await readAll(response);
    if (response.statusCode !== 200) {
      throw new CallError(`${operation} answered ${response.statusCode ?? 0}: ${text.slice(0, 500)}`);
    }
    return JSON.parse(text) as Answer;
  };
}
