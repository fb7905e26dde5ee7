import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CREDENTIALS } from '../../support/credentials.js';
import { claimWithoutHolder } from './ablation.js';
import { explore, type Exploration } from './explore.js';
import { emulatorClient } from '../../../tools/local/environment.mjs';

type StateMachineOptions = {
  /** Of an emulator with the topology of `stage`. */
  endpoint: string;
  stage: string;
  runs: number;
  seed: number;
  /** Ignores the holder of a claim. The run must then find a counterexample. */
  ablated?: boolean;
};

/** Keeps both the emulator and this process busy. */
const PARTITIONS = 4;

/**
 * Plays `runs` random histories of an item with the real statements against the emulator's tables, and compares each
 * change with the model. The same seed repeats the same histories.
 * @throws when an ablation was not in effect
 */
export async function runStateMachine(options: StateMachineOptions): Promise<Exploration> {
  const { endpoint, stage, runs, seed, ablated = false } = options;
  const client = new DynamoDBClient(emulatorClient(endpoint, CREDENTIALS));
  const interventions = { statements: 0, answers: 0 };
  try {
    const exploration = await explore({
      dynamo: DynamoDBDocumentClient.from(client),
      stage,
      runs,
      seed,
      partitions: ablated ? 1 : PARTITIONS,
      seam: ablated ? claimWithoutHolder(interventions) : (executor) => executor,
    });
    if (ablated && (interventions.statements === 0 || interventions.answers === 0)) {
      throw new Error(
        'The ablation removed nothing. Does the condition on "holder" in transitions.ts differ from the one in ablation.ts?',
      );
    }
    return exploration;
  } finally {
    client.destroy();
  }
}
