/** Removes every match, of which there must be one at least. */
function without(text: string, found: RegExp): string {
  const next = text.replaceAll(found, '');
  if (next === text) throw new Error(`${String(found)} is not in the template`);
  return next;
}

/** The template as it was before it had time to live, queue policies that ask for TLS, and a policy for operators. */
export function olderTemplate(template: string): string {
  const removed = [
    / +# Epoch seconds.+\n +TimeToLiveSpecification:.+\n/g,
    / +- Sid: TlsOnly\n(?: {12}.+\n)+/g,
    /^ {2}(?:Order|Notification)DeadLetterQueuePolicy:\n(?: {4}.+\n)+\n/gm,
    /^ {2}OperatorPolicy:\n(?: {4}.+\n)+\n?/gm,
    /^ {2}OperatorPolicyArn:\n.+\n/gm,
  ];
  return removed.reduce(without, template);
}
