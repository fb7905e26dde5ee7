import { createLogger as createWinstonLogger, format, transports, type Logger } from 'winston';

export function createLogger(service: string, level: string): Logger {
  return createWinstonLogger({
    level,
    defaultMeta: { service },
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.Console()],
  });
}
