import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { GetQueueUrlCommand, type Message } from '@aws-sdk/client-sqs';
import { OrderCreatedEvent, resourceNames } from '@orderflow/contracts';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { Consumer } from 'sqs-consumer';
import { createClients } from './clients.js';
import { loadConfig } from './config.js';
import { createLogger } from './logger.js';
import { createProcessOrder } from './process-order.js';
import { readEvent } from './read-event.js';

const BATCH_SIZE = 10;
/** How long a stop waits for the last poll and its messages. */
const DRAIN_WITHIN_MS = 25_000;

await runMain(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger('worker', config.LOG_LEVEL);
  const { dynamo, eventBridge, sqs } = createClients(config);
  const names = resourceNames(config.STAGE);
  const processOrder = createProcessOrder({
    dynamo,
    eventBridge,
    names,
    fulfilmentDelayMs: config.FULFILMENT_DELAY_MS,
  });

  async function handleMessage(message: Message): Promise<Message> {
    const startedAt = Date.now();
    const event = readEvent(message.Body ?? '');
    const outcome = await processOrder(event);
    logger.info(outcome, {
      type: OrderCreatedEvent.type,
      orderId: event.data.orderId,
      eventId: event.metadata.eventId,
      correlationId: event.metadata.correlationId,
      messageId: message.MessageId,
      durationMs: Date.now() - startedAt,
    });
    return message;
  }

  const reportAs =
    (text: string) =>
    ({ name, message, stack }: Error) =>
      logger.error(text, { err: { name, message, stack } });

  const { QueueUrl: queueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: names.orderQueue }));
  const consumers = Array.from({ length: config.WORKER_POLLERS }, () => {
    const consumer = Consumer.create({
      queueUrl,
      sqs,
      batchSize: BATCH_SIZE,
      waitTimeSeconds: config.SQS_WAIT_TIME_SECONDS,
      pollingCompleteWaitTimeMs: DRAIN_WITHIN_MS,
      handleMessage,
    });
    consumer.on('error', reportAs('polling failed'));
    consumer.on('processing_error', reportAs('message will be redelivered'));
    return consumer;
  });

  const server = createServer((request, response) => {
    const isReady = request.url === '/health/ready' && consumers.every(({ status }) => status.isRunning);
    response.writeHead(isReady ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: isReady ? 'ok' : 'error' }));
  });
  server.listen(config.PORT, config.HOST);
  await once(server, 'listening');
  for (const consumer of consumers) consumer.start();
  logger.info('polling', { pollers: consumers.length });

  async function drain(): Promise<void> {
    const stopped = consumers.map((consumer) => once(consumer, 'stopped'));
    for (const consumer of consumers) consumer.stop();
    await Promise.all(stopped);
    logger.info('drained');
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void drain());
});
