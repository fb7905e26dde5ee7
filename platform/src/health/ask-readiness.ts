/** `degraded`: it serves, but something that it can do without for a while is down. */
export type Readiness = { status: 'ready' | 'degraded' | 'not ready' | 'unreachable'; reason?: string };

type CheckResult = { status?: string; degraded?: boolean; reason?: string } | string;
type Answer = { error?: Record<string, CheckResult>; details?: Record<string, CheckResult>; message?: string };

const MAX_REASON_LENGTH = 200;

/** What is down in an answer of /health/ready; empty if nothing is. */
function reasonsIn(answer: string): string {
  try {
    const { error, details = {}, message = '' } = JSON.parse(answer) as Answer;
    const down = Object.entries(error ?? details).flatMap(([check, result]) =>
      typeof result === 'object' && result.reason !== undefined ? [`${check}: ${result.reason}`] : [],
    );
    return down.join('; ') || message;
  } catch {
    return answer;
  }
}

/** fetch puts the reason into its error's cause. */
function messageOf(thrown: unknown): string {
  const { message, cause } = thrown as { message: string; cause?: { message?: string; code?: string } };
  const reasons = [cause?.message, cause?.code, message];
  return reasons.find((reason) => reason !== undefined && reason !== '') ?? 'no reason given';
}

/** Asks a service for its readiness. Never throws. */
export async function askReadiness(base: string | URL, withinMs: number): Promise<Readiness> {
  try {
    const answer = await fetch(new URL('/health/ready', base), { signal: AbortSignal.timeout(withinMs) });
    const reason = reasonsIn(await answer.text()).slice(0, MAX_REASON_LENGTH);
    if (!answer.ok) return { status: 'not ready', reason: reason || 'it gives no reason' };
    return reason === '' ? { status: 'ready' } : { status: 'degraded', reason };
  } catch (thrown) {
    return { status: 'unreachable', reason: messageOf(thrown) };
  }
}
