import { runToEnd } from '../harness/process.ts';

/** What a load generator measured in one run. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Milliseconds: the 99th percentile of wrk, the slowest request of h2load. */
  readonly tailMs: number;
  readonly errors: number;
}

export interface WrkOptions {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
  readonly host: string;
  readonly connections: number;
  readonly seconds: number;
  /** Processor that the generator may use. */
  readonly core: number;
}

/** wrk: HTTP/1.1 keep-alive connections, one thread. */
export async function wrk(options: WrkOptions): Promise<LoadResult> {
  const args = [
    '-c',
    String(options.core),
    'wrk',
    '-t1',
    `-c${options.connections}`,
    `-d${options.seconds}s`,
  ];
  args.push('--latency', '-H', `Host: ${options.host}`, '-H', 'baggage: lane=gray', options.url);
  const { output } = await runToEnd('taskset', args, { timeoutMs: (options.seconds + 20) * 1_000 });
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output);
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(output);
  if (rate === null || p99 === null) throw new Error(`expected wrk's figures, found:\n${output}`);
  return {
    requestsPerSecond: Number(rate[1]),
    tailMs: toMilliseconds(p99),
    errors: sum(/Non-2xx or 3xx responses: (\d+)/.exec(output)) + socketErrors(output),
  };
}

function socketErrors(output: string): number {
  const found = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  return found === null ? 0 : found.slice(1).reduce((total, count) => total + Number(count), 0);
}

function sum(found: RegExpExecArray | null): number {
  return found === null ? 0 : Number(found[1]);
}

function toMilliseconds(found: RegExpExecArray): number {
  const factor = { us: 0.001, ms: 1, s: 1_000 }[found[2] ?? 'ms'] ?? 1;
  return Number(found[1]) * factor;
}

export interface H2loadOptions {
  readonly url: string;
  readonly authority: string;
  readonly connections: number;
  readonly streams: number;
  readonly requests: number;
  readonly core: number;
}

/** h2load: cleartext HTTP/2 by prior knowledge. */
export async function h2load(options: H2loadOptions): Promise<LoadResult> {
  const args = [
    '-c',
    String(options.core),
    'h2load',
    '-t1',
    `-c${options.connections}`,
    `-m${options.streams}`,
  ];
  args.push(
    `-n${options.requests}`,
    '-H',
    `:authority: ${options.authority}`,
    '-H',
    'baggage: lane=gray',
    options.url,
  );
  const { output } = await runToEnd('taskset', args, { timeoutMs: 120_000 });
  const rate = /finished in [^,]+, ([\d.]+) req\/s/.exec(output);
  const outcome = /requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded/.exec(output);
  const longest = /time for request:\s+\S+\s+([\d.]+)(us|ms|s)/.exec(output);
  if (rate === null || outcome === null || longest === null) {
    throw new Error(`expected h2load's figures, found:\n${output}`);
  }
  return {
    requestsPerSecond: Number(rate[1]),
    tailMs: toMilliseconds(longest),
    errors: Number(outcome[1]) - Number(outcome[2]),
  };
}
