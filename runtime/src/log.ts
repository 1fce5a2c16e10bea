import { destination as openDestination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import { redactFields } from './redact.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One JSON line an event. `event` is a stable snake_case name (`config_rejected`); what varies is in the fields, an error in `err`.
 * This is all that the rest of the house knows of logging.
 */
export interface Log {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
}

/** The program's log, whose level can be changed while it runs. */
export interface RootLog extends Log {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** The program, in field `name` of every line. */
  readonly name: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** Lines wait here while standard output does not take them; further ones are dropped rather than kept. About 20,000 lines. */
const BUFFER_BYTES = 4 * 1024 * 1024;

export function createLogger(options: LoggerOptions): RootLog {
  const logger = pino(
    {
      level: options.level,
      base: { name: options.name },
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
    },
    options.destination ?? standardOutput(),
  );
  return {
    debug: (fields, event) => logger.debug(fields, event),
    info: (fields, event) => logger.info(fields, event),
    warn: (fields, event) => logger.warn(fields, event),
    error: (fields, event) => logger.error(fields, event),
    level: () => LOG_LEVELS.find((level) => level === logger.level) ?? options.level,
    setLevel(level) {
      logger.level = level;
    },
  };
}

export function isLogLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}

/**
 * Asynchronous: with one access line a request, a reader of standard output that stalls would otherwise stall every request.
 * Lines are written as soon as the one before is out, so they batch by themselves under load and do not wait when idle; pino
 * flushes the rest synchronously when the process exits, also by `process.exit` and by an uncaught error.
 */
function standardOutput(): DestinationStream {
  const stream = openDestination({ fd: 1, sync: false, minLength: 0, maxLength: BUFFER_BYTES });
  const flushSync = stream.flushSync.bind(stream);
  let isBroken = false;
  // A full disk, say: the lines wait for the next attempt, and the program goes on. Without a listener it would end.
  stream.on('error', () => (isBroken = true));
  stream.on('write', () => (isBroken = false));
  // At the end of the process it would try for ever.
  stream.flushSync = () => {
    if (!isBroken) flushSync();
  };
  return stream;
}
