import { describe, expect, it } from '@jest/globals';
import { TABLE_WITHOUT_KEY } from '../support/hooked-localstack.js';
import { startLocalStack } from '../support/localstack.js';

const BROKEN_TEMPLATE = '/tmp/broken.yaml';
/** LocalStack itself skips this type and reports success. */
const MISSPELT_TYPE = 'Resources: { Misspelt: { Type: AWS::DynamoDB::Tabel } }';

describe('a LocalStack hook that fails', () => {
  it.each([
    ['a template that fails', { [BROKEN_TEMPLATE]: TABLE_WITHOUT_KEY }, /BrokenTable .*exactly one hash key/],
    ['an unknown resource type', { [BROKEN_TEMPLATE]: MISSPELT_TYPE }, /Misspelt \(AWS::DynamoDB::Tabel\)/],
    ['a missing template', {}, /the template cannot be read: .*broken\.yaml/],
  ])(
    'stops LocalStack with the reason in its log: %s',
    async (_, files: Record<string, string>, reason) => {
      const startedAt = performance.now();
      await expect(startLocalStack({ environment: { TEMPLATE: BROKEN_TEMPLATE }, files })).rejects.toThrow(reason);
      expect(performance.now() - startedAt).toBeLessThan(60_000);
    },
    120_000,
  );
});
