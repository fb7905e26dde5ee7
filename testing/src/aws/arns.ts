export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

export function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

/** The URL of a fake queue. Names under .invalid never resolve, so a real call fails. */
export function queueUrlOf(queueName: string): string {
  return `http://sqs.fake.invalid/${ACCOUNT}/${queueName}`;
}

export function queueArnOf(queueName: string): string {
  return arnOf('sqs', queueName);
}
