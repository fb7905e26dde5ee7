export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

export function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

/** The URL of a fake queue. A name under .invalid resolves nowhere: whoever dials it has lost the fake. */
export function queueUrlOf(queueName: string): string {
  return `http://sqs.fake.invalid/${ACCOUNT}/${queueName}`;
}

export function queueArnOf(queueName: string): string {
  return arnOf('sqs', queueName);
}
