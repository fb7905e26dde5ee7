import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { setTimeout } from 'node:timers/promises';
import { connect, type ConnectedSystem } from '@orderflow/orderctl/connect';
import { countQueue, type QueueCounts } from '@orderflow/platform/aws/queues';
import type { Terminal } from '@orderflow/orderctl/terminal';
import { CREDENTIALS } from './credentials.js';
import { emulatorClient } from '../../tools/local/environment.mjs';

/** Connects the operator tools to a stage. */
export async function connectOperator(endpoint: string, stage = 'local'): Promise<ConnectedSystem> {
  const options = emulatorClient(endpoint, CREDENTIALS);
  const dynamo = new DynamoDBClient(options);
  const eventBridge = new EventBridgeClient(options);
  const sqs = new SQSClient(options);
  const aws = {
    dynamo: DynamoDBDocumentClient.from(dynamo),
    eventBridge,
    sqs,
    polling: sqs,
    close: () => {
      for (const client of [dynamo, eventBridge, sqs]) client.destroy();
    },
  };
  return connect({ stage, region: 'us-east-1', endpoint, credentials: CREDENTIALS }, aws, {
    signal: new AbortController().signal,
  });
}

/** The messages of a queue, by its name. */
export async function queueCounts({ aws, urlOf }: ConnectedSystem, queue: string): Promise<QueueCounts> {
  return countQueue(aws.sqs, await urlOf(queue));
}

export type RecordingTerminal = Terminal & {
  /** Everything written so far. */
  written: () => string;
  said: () => string;
  /** The lines of `out` as JSON documents. */
  documents: <T = Record<string, unknown>>() => T[];
  questions: string[];
  interrupt: () => void;
};

/** A terminal that records its output. @param answer the answer to every question; absent: not interactive */
export function createTerminal({ answer }: { answer?: string } = {}): RecordingTerminal {
  const interrupted = new AbortController();
  let written = '';
  let said = '';
  const questions: string[] = [];
  return {
    out: (text) => {
      written += text;
    },
    err: (text) => {
      said += text;
    },
    interactive: answer !== undefined,
    movingLines: false,
    screen: false,
    colours: false,
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(answer ?? '');
    },
    signal: interrupted.signal,
    now: Date.now,
    elapsedMs: () => performance.now(),
    pause: (ms) => setTimeout(ms),
    written: () => written,
    said: () => said,
    documents: <T>() =>
      written
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T),
    questions,
    interrupt: () => {
      interrupted.abort(new Error('interrupted'));
    },
  };
}
