import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** What a token may allow, and what each scope is for. */
export const SCOPES = {
  'orders:read': 'Read orders and notifications.',
  'orders:write': 'Place orders.',
  'notifications:write': 'Request notifications.',
  ops: 'Operate: see everything, replay orders, read dead letters and the documents.',
} as const;

export type Scope = keyof typeof SCOPES;

/** Who makes a request. */
export type Caller = {
  /** `sub` of the token, which owns idempotency keys. Absent without tokens. */
  subject?: string;
  /** The caller is this customer, and sees nothing of others. Absent: it sees everything. */
  customerId?: string;
  scopes: ReadonlySet<Scope>;
  /** Epoch ms at which the token expires. */
  expiresAt?: number;
};

/** The caller while AUTH_MODE is off: anyone may do anything. */
export const ANYONE: Caller = { scopes: new Set(Object.keys(SCOPES) as Scope[]) };

/** Operators may read whatever customers may read. */
export function mayDo({ scopes }: Caller, scope: Scope): boolean {
  return scopes.has(scope) || (scope === 'orders:read' && scopes.has('ops'));
}

/** Whether a customer's data is visible to the caller. */
export function maySee({ customerId }: Caller, owner: unknown): boolean {
  return customerId === undefined || customerId === owner;
}

declare module 'fastify' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- merged with Fastify's own
  interface FastifyRequest {
    /** Undefined on public routes, and until the request is identified. */
    caller: Caller | undefined;
  }
}

/** The caller, for controllers. Their routes are never reached without one. */
export const FromCaller = createParamDecorator((_: unknown, execution: ExecutionContext): Caller => {
  const { caller } = execution.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw new Error('a controller was reached without a caller');
  return caller;
});
