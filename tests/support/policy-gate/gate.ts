/** A proxy before an emulator that enforces IAM policies, which the emulators do wrongly or not at all. */
import { denied, operationOf, type AwsRequest } from '../faulty-network/aws-json.js';
import { startProxy, type Answer, type Exchange } from '../faulty-network/proxy.js';
import { createCredentials, type Credentials } from '../../../tools/local/environment.mjs';
import { callWithoutParts, partsOf } from './batches.js';
import { evaluate, type Access, type Rule } from './evaluate.js';
import { requiredAccess, UnmappedError } from './required-access.js';

/** A refused call, or a refused part of one. */
type Refusal = {
  principal: string;
  call: string;
  /** What the policy lacks. */
  needs: Access;
  message: string;
};

export type PolicyGate = {
  url: string;
  /** With these, the principal's calls pass the gate. */
  credentialsOf(principal: string): Credentials;
  /** The principal's rules at this moment. */
  rulesOf(principal: string): readonly Rule[];
  /** Replaces the rules, from the next call on. */
  setRules(principal: string, rules: readonly Rule[]): void;
  refusals(): readonly Refusal[];
  /** Calls that could not be mapped to permissions, or whose caller is unknown. They were refused. */
  unmapped(): readonly string[];
  /** Rules by name that have not allowed any call. */
  unused(principal: string): string[];
  dispose(): Promise<void>;
};

type Principal = { name: string; credentials: Credentials; rules: readonly Rule[]; used: Set<string> };
type Policies = Readonly<Record<string, readonly Rule[]>>;
type Options = {
  /** Each principal's policies. */
  policies: Policies;
  /** Replaces them before the first call is judged, for a stack that is deployed later. */
  readPolicies?: () => Promise<Policies>;
  /** The emulator's own, which replace the caller's. */
  upstream: Credentials;
  host?: string;
};

/** CloudFormation uses the query protocol: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
const OF_STACKS = /Credential=[^,\s]*\/cloudformation\/aws4_request/;
const deniedInXml = (message: string): Answer => ({
  status: 403,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error></ErrorResponse>`,
});

const SIGNED_BY = /(?<=Credential=)[^/,\s]+/;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function messageFor(principal: string, { action, resource }: Access, isExplicit: boolean): string {
  const user = `arn:aws:sts::000000000000:assumed-role/${principal}/gate`;
  const because = isExplicit
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;
  return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
}

const unknownCaller = (why: string): Answer => ({
  status: 403,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': 'UnrecognizedClientException' },
  body: JSON.stringify({ __type: 'UnrecognizedClientException', message: `The call ${why}` }),
});

export async function startPolicyGate(
  targetUrl: string,
  { policies, readPolicies, upstream, host }: Options,
): Promise<PolicyGate> {
  const principals = Object.entries(policies).map(([name, rules]): Principal => ({
    name,
    credentials: createCredentials(),
    rules,
    used: new Set(),
  }));
  const refusals: Refusal[] = [];
  const unmapped: string[] = [];
  const principalNamed = (wanted: string): Principal => {
    const principal = principals.find(({ name }) => name === wanted);
    if (!principal) throw new Error(`the gate knows no ${wanted}`);
    return principal;
  };

  let reading: Promise<void> | undefined;
  const read = async (readAll: () => Promise<Policies>): Promise<void> => {
    for (const [name, rules] of Object.entries(await readAll())) principalNamed(name).rules = rules;
  };
  /** A read that fails is repeated with the next call. */
  async function untilRead(): Promise<void> {
    if (!readPolicies) return;
    reading ??= read(readPolicies).catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    await reading;
  }

  /** The refusal of each part of the call; undefined where it is allowed. */
  function judge({ name: principal, rules, used }: Principal, call: string, accesses: readonly Access[]) {
    return accesses.map((needs): Refusal | undefined => {
      const { allowed, isExplicit, by } = evaluate(rules, needs);
      if (allowed) {
        for (const { name } of by) used.add(name);
        return undefined;
      }
      const refusal = { principal, call, needs, message: messageFor(principal, needs, isExplicit) };
      refusals.push(refusal);
      return refusal;
    });
  }

  function refuseUnmapped(caller: string, call: string, error: UnmappedError): Answer {
    unmapped.push(`${caller}: ${call} ${error.message}`);
    return unknownCaller(error.message);
  }

  async function handle({ incoming, body, forward }: Exchange): Promise<Answer> {
    const { 'x-amz-target': target, authorization = '' } = incoming.headers;
    const { service, name } = OF_STACKS.test(authorization)
      ? { service: undefined, name: `CloudFormation ${new URLSearchParams(body.toString()).get('Action') ?? ''}` }
      : operationOf(target);
    const [keyId] = SIGNED_BY.exec(authorization) ?? [];
    const principal = principals.find(({ credentials }) => credentials.accessKeyId === keyId);
    if (!principal) return refuseUnmapped('unknown caller', name, new UnmappedError('has an unknown access key'));

    let request: AwsRequest;
    let accesses: Access[];
    try {
      request = OF_STACKS.test(authorization)
        ? Object.fromEntries(new URLSearchParams(body.toString()))
        : (JSON.parse(body.toString() || '{}') as AwsRequest);
      accesses = requiredAccess(name, request);
    } catch (error) {
      if (!(error instanceof UnmappedError || error instanceof SyntaxError)) throw error;
      return refuseUnmapped(principal.name, name, new UnmappedError(error.message));
    }
    await untilRead();
    const judged = judge(principal, name, accesses);
    const headers = {
      ...incoming.headers,
      host: new URL(targetUrl).host,
      authorization: authorization.replace(SIGNED_BY, upstream.accessKeyId),
    };
    const [first] = judged.filter((refusal) => refusal !== undefined);
    if (!first) return forward({ headers });
    const parts = partsOf(name, request);
    if (!parts) return service ? denied(service, first.message) : deniedInXml(first.message);
    return callWithoutParts(parts, judged, (left) =>
      forward({ headers, body: JSON.stringify({ ...request, ...left }) }),
    );
  }

  const { url, dispose } = await startProxy(targetUrl, handle, host);
  return {
    url,
    credentialsOf: (name) => principalNamed(name).credentials,
    rulesOf: (name) => principalNamed(name).rules,
    setRules: (name, rules) => {
      principalNamed(name).rules = rules;
    },
    refusals: () => refusals,
    unmapped: () => unmapped,
    unused: (wanted) => {
      const { rules, used } = principalNamed(wanted);
      return rules.filter(({ effect, name }) => effect === 'Allow' && !used.has(name)).map(({ name }) => name);
    },
    dispose,
  };
}
