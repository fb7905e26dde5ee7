import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { resourceNames } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { AppModule } from './app.module.js';
import { createClients } from './clients.js';
import { loadConfig } from './config.js';
import { createLogger } from './logger.js';
import { OrdersService } from './orders.service.js';

const CLOSE_IDLE_EVERY_MS = 100;

await runMain(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger('api', config.LOG_LEVEL);
  const { dynamo, eventBridge } = createClients(config);
  const orders = new OrdersService(dynamo, eventBridge, resourceNames(config.STAGE));

  const adapter = new FastifyAdapter({ genReqId: () => newId() });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(orders), adapter, {
    logger: ['warn', 'error'],
    // Fastify's JSON parser is enough. Nest's option would add one for forms.
    bodyParser: false,
  });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  const server = adapter.getInstance();
  server.addHook('onResponse', (request, reply, done) => {
    logger.info('request', {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      correlationId: request.id,
    });
    done();
  });
  server.addHook('preClose', (done) => {
    // A connection that becomes idle later would keep the process alive.
    setInterval(() => {
      server.server.closeIdleConnections();
    }, CLOSE_IDLE_EVERY_MS).unref();
    done();
  });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(config.PORT, config.HOST);
  logger.info('listening', { url: await app.getUrl() });
});
