import { ConfigError } from './env.ts';
import { formatProblems } from './format-problems.ts';
import type { Log } from './log.ts';

/** sysexits.h has 64 for bad usage; linkerd2-proxy uses it for bad configuration as well. */
export const EXIT = { drained: 0, failed: 1, badConfig: 64 } as const;

/** What {@link runProgram} runs: built without side effects, then started, drained, closed. */
export interface Program {
  readonly log: Log;
  readonly drainTimeoutMs: number;
  /** Listens. Rejects when it cannot; ready once it resolves. */
  start(): Promise<void>;
  /** Takes nothing new; resolves when nothing is in flight. Not called before `start` has resolved. */
  drain(): Promise<void>;
  /** Ends everything now. Called once, at the end, also after a failed start. */
  close(): void | Promise<void>;
}

export type Phase = 'building' | 'starting' | 'ready' | 'draining' | 'closed';

/** What a program may know and ask of its own life. */
export interface Lifecycle {
  phase(): Phase;
  /** What SIGTERM does; further calls change nothing. For `POST /drain`, and for a part that fails for good. */
  stop(reason: string): void;
}

/** The part of `process` that is used; a test passes an EventEmitter. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: (signal: string) => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: (signal: string) => void): unknown;
}

export interface RunOptions {
  /** Parses the configuration (throws {@link ConfigError}) and puts the parts together. */
  readonly build: (lifecycle: Lifecycle) => Program | Promise<Program>;
  /** Default `process`. */
  readonly signals?: SignalSource;
  /** Where a person looks when the program does not come up; default: standard error. */
  readonly complain?: (text: string) => void;
}

/**
 * Runs a program from build to closed and resolves to its exit code: 0 drained after a signal, 1 when the start failed or the
 * drain did not end in time, 64 for a bad configuration, 128 + n when a second signal n ended it at once. The caller exits.
 */
export async function runProgram(options: RunOptions): Promise<number> {
  const stopping = new StopRequest();
  let phase: Phase = 'building';
  const lifecycle: Lifecycle = { phase: () => phase, stop: (reason) => stopping.request(reason) };
  const unlisten = listenForSignals(options.signals ?? process, stopping);
  const complain = options.complain ?? ((text) => process.stderr.write(text));
  let program: Program | undefined;
  try {
    program = await options.build(lifecycle);
    phase = 'starting';
    const started = await Promise.race([
      program.start().then(() => true),
      stopping.requested.then(() => false),
    ]);
    if (!started) return EXIT.drained;
    phase = 'ready';
    program.log.info({}, 'ready');
    const reason = await stopping.requested;
    phase = 'draining';
    program.log.info({ reason, timeoutMs: program.drainTimeoutMs }, 'draining');
    return await drainWithin(program, stopping.forced);
  } catch (error) {
    return explainFailure(error, phase, complain);
  } finally {
    await Promise.race([program?.close(), stopping.forced]);
    phase = 'closed';
    program?.log.info({}, 'closed');
    unlisten();
  }
}

/** The first request starts the drain; a second signal forces the end. */
class StopRequest {
  readonly requested: Promise<string>;
  /** Resolves to the exit code. */
  readonly forced: Promise<number>;
  #request: (reason: string) => void = () => undefined;
  #force: (code: number) => void = () => undefined;
  #signals = 0;

  constructor() {
    this.requested = new Promise((resolve) => (this.#request = resolve));
    this.forced = new Promise((resolve) => (this.#force = resolve));
  }

  request(reason: string): void {
    this.#request(reason);
  }

  signal(name: string): void {
    this.#signals += 1;
    if (this.#signals === 1) this.#request(name);
    else this.#force(name === 'SIGINT' ? 130 : 143);
  }
}

function listenForSignals(signals: SignalSource, stopping: StopRequest): () => void {
  const listener = (signal: string): void => stopping.signal(signal);
  signals.on('SIGTERM', listener);
  signals.on('SIGINT', listener);
  return () => {
    signals.off('SIGTERM', listener);
    signals.off('SIGINT', listener);
  };
}

async function drainWithin(program: Program, forced: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<number>((resolve) => {
    timer = setTimeout(() => {
      program.log.warn({ timeoutMs: program.drainTimeoutMs }, 'drain_deadline_passed');
      resolve(EXIT.failed);
    }, program.drainTimeoutMs);
  });
  try {
    return await Promise.race([program.drain().then(() => EXIT.drained), deadline, forced]);
  } finally {
    clearTimeout(timer);
  }
}

function explainFailure(error: unknown, phase: Phase, complain: (text: string) => void): number {
  if (error instanceof ConfigError) {
    complain(formatProblems(error.problems));
    return EXIT.badConfig;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  complain(`failed while ${phase}: ${detail}\n`);
  return EXIT.failed;
}
