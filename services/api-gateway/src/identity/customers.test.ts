import { describe, expect, it } from '@jest/globals';
import { startTokens } from '@orderflow/testing/api-gateway/access-tokens';
import { OPERATOR } from '@orderflow/testing/api-gateway/issuer';

describe('the customer of a token', () => {
  it('is its subject, or the claim that OIDC_CUSTOMER_CLAIM names', async () => {
    const { verifyNew } = await startTokens({ OIDC_CUSTOMER_CLAIM: 'https://shop.test/customer' });
    const claims = { sub: 'auth0|7', 'https://shop.test/customer': 'customer-7' };
    expect(await verifyNew(claims)).toMatchObject({ subject: 'auth0|7', customerId: 'customer-7' });
  });

  it.each<[string, unknown]>([
    ['is missing', undefined],
    ['is null', null],
    ['is empty', ''],
    ['is a number', 7],
    ['is true', true],
    ['is a list', ['alice']],
    ['is an object', { id: 'alice' }],
    ['has a space', 'alice bob'],
    ['ends with a line feed', 'alice\n'],
    ['has a NUL', 'al\u0000ice'],
    ['has a DEL', 'al\u007fice'],
    ['has a letter beyond ASCII', 'alicé'],
    ['has 65 characters', 'a'.repeat(65)],
    ['begins with a dot', '.alice'],
    ['has a quote', "alice'"],
    ['has a wildcard', 'alice*'],
  ])('is not accepted if the claim %s', async (_, customer) => {
    const { verifyNew } = await startTokens({ OIDC_CUSTOMER_CLAIM: 'customer' });
    expect(await verifyNew({ customer })).toBe('its claim customer is not the id of a customer.');
  });

  it('may have 64 characters', async () => {
    const { verifyNew } = await startTokens();
    expect(await verifyNew({ sub: 'a'.repeat(64) })).toMatchObject({ customerId: 'a'.repeat(64) });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'customer.id', 'customer'])(
    'is not what every object has under the name %s',
    async (OIDC_CUSTOMER_CLAIM) => {
      const { verifyNew } = await startTokens({ OIDC_CUSTOMER_CLAIM });
      const expected = `its claim ${OIDC_CUSTOMER_CLAIM} is not the id of a customer.`;
      expect(await verifyNew({ sub: 'alice' })).toBe(expected);
    },
  );

  it('is not needed by an operator', async () => {
    const { verifyNew } = await startTokens({ OIDC_CUSTOMER_CLAIM: 'customer' });
    expect(await verifyNew(OPERATOR)).toMatchObject({ subject: 'olga' });
  });
});

describe('the scopes of a token', () => {
  const ALL = ['orders:read', 'orders:write', 'notifications:write', 'ops'];

  it.each<[unknown, string[]]>([
    [ALL.join(' '), ALL],
    ['orders:read', ['orders:read']],
    ['openid orders:read profile', ['orders:read']],
    ['orders:read  orders:read', ['orders:read']],
    ['orders:*', []],
    ['OPS Orders:Read', []],
    ['ops,orders:read', []],
    ['ops\torders:read', []],
    ['xops opsx', []],
    ['', []],
    [' ', []],
    [undefined, []],
    [ALL, []],
    [{ ops: true }, []],
    [true, []],
    ['toString constructor __proto__', []],
  ])('%j are %j', async (scope, expected) => {
    const { verifyNew } = await startTokens();
    expect(await verifyNew({ scope })).toMatchObject({ scopes: new Set(expected) });
  });

  it('are only those with OIDC_SCOPE_PREFIX', async () => {
    const { verifyNew } = await startTokens({ OIDC_SCOPE_PREFIX: 'shop/' });
    const scope = 'shop/orders:read orders:write shop/shop/ops SHOP/ops shop/';
    expect(await verifyNew({ scope })).toMatchObject({ scopes: new Set(['orders:read']) });
  });
});
