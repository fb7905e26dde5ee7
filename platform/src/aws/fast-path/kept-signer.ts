import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Keeps one signer per client. The SDK creates one per call, from a copy of a configuration that does not change. */
export function keepSigner(config: Pick<DynamoDBClient['config'], 'signer'>): void {
  const create = config.signer;
  let kept: ReturnType<typeof create> | undefined;
  config.signer = (scheme) => {
    kept ??= create(scheme).catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
    return kept;
  };
}
