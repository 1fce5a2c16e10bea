// `npm run bench [SECONDS [NAME ...]]`: the sidecar, and the program in its edge role, beside nginx, haproxy and http-proxy-3 in one
// run. The proxy has core 0 to itself; load and origin share core 1. Rounds alternate, so that a machine whose speed drifts treats
// all alike. Prints figures and ratios, judges nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../harness/free-port.ts';
import { startProcess, type RunningProcess } from '../harness/process.ts';
import { untilListening } from '../harness/until-listening.ts';
import { BENCH_HOST, type Origin } from './bench-mesh.ts';
import { contenders, type Contender, type RunningContender } from './contenders.ts';
import { h2load, wrk, type LoadResult } from './load.ts';
import { residentMegabytes } from './memory.ts';
import { measureReadiness, measureSteadyMemory } from './sidecar-figures.ts';

const ROUNDS = 3;
const PROXY_CORE = 0;
const LOAD_CORE = 1;
const seconds = Number(process.argv[2] ?? 5);
const wanted = process.argv.slice(3);
const known = contenders.map(({ name }) => name);
if (!Number.isInteger(seconds) || seconds < 1 || wanted.some((name) => !known.includes(name))) {
  process.stderr.write(
    `usage: npm run bench -- [SECONDS a run, a whole number; default 5 [NAME of ${known.join(', ')} ...]]\n`,
  );
  process.exit(64);
}

interface Figures {
  readonly http1: LoadResult[];
  readonly http2: LoadResult[];
  rss: number;
}

const origin = await startOrigin();
const figures = new Map<string, Figures>();
try {
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const contender of contenders) {
      if (wanted.length === 0 || wanted.includes(contender.name)) await runOnce(contender, round);
    }
  }
  printTable();
  if (wanted.length === 0) await printSidecarFigures();
} finally {
  await origin.stop();
}

async function runOnce(contender: Contender, round: number): Promise<void> {
  process.stderr.write(`· round ${round} of ${ROUNDS}: ${contender.name}\n`);
  const running = await contender.start(origin.at, PROXY_CORE);
  try {
    const entry = figures.get(contender.name) ?? { http1: [], http2: [], rss: 0 };
    figures.set(contender.name, entry);
    await measureHttp1(running, entry);
    if (running.http2 !== undefined) await measureHttp2(running.http2, entry);
    entry.rss = Math.max(entry.rss, residentMegabytes(running.process.pid));
  } finally {
    await running.stop();
  }
}

async function measureHttp1(running: RunningContender, entry: Figures): Promise<void> {
  const load = { url: running.http1, host: BENCH_HOST, connections: 32, core: LOAD_CORE };
  // Compilers in the proxies need a while; what is compared is their steady state.
  await wrk({ ...load, seconds: 4 });
  entry.http1.push(await wrk({ ...load, seconds }));
}

async function measureHttp2(url: string, entry: Figures): Promise<void> {
  const load = { url, authority: `${BENCH_HOST}:81`, connections: 8, streams: 16, core: LOAD_CORE };
  await h2load({ ...load, requests: 5_000 });
  entry.http2.push(await h2load({ ...load, requests: seconds * 10_000 }));
}

function printTable(): void {
  process.stdout.write(
    `\n${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, ${ROUNDS} rounds, medians\n\n`,
  );
  row(['', 'h1 req/s', 'p99 ms', '/http-proxy-3', '/nginx', 'h2 req/s', 'max ms', 'RSS MB', 'errors']);
  for (const [name, { http1, http2, rss }] of figures) {
    const one = median(http1);
    const two = median(http2);
    row([
      name,
      one.requestsPerSecond.toFixed(0),
      one.tailMs.toFixed(2),
      comparedWith('http-proxy-3', one),
      comparedWith('nginx', one),
      http2.length === 0 ? '-' : two.requestsPerSecond.toFixed(0),
      http2.length === 0 ? '-' : two.tailMs.toFixed(1),
      rss.toFixed(0),
      String([...http1, ...http2].reduce((sum, run) => sum + run.errors, 0)),
    ]);
  }
}

/** The ratio of HTTP/1.1 throughputs, where both ran. */
function comparedWith(name: string, one: LoadResult): string {
  const runs = figures.get(name)?.http1;
  return runs === undefined ? '-' : (one.requestsPerSecond / median(runs).requestsPerSecond).toFixed(2);
}

function row(cells: readonly string[]): void {
  const [first = '', ...rest] = cells;
  process.stdout.write(`${first.padEnd(14)}${rest.map((cell) => cell.padStart(15)).join('')}\n`);
}

function median(runs: readonly LoadResult[]): LoadResult {
  const sorted = [...runs].sort((a, b) => a.requestsPerSecond - b.requestsPerSecond);
  return sorted[Math.floor(sorted.length / 2)] ?? { requestsPerSecond: 0, tailMs: 0, errors: 0 };
}

async function printSidecarFigures(): Promise<void> {
  process.stderr.write('· readiness and memory of the sidecar\n');
  const ready = await measureReadiness(origin.at);
  process.stdout.write(
    `\nready after start, 1,000 services: ${ready.map((ms) => ms.toFixed(0)).join(', ')} ms\n`,
  );
  const memory = await measureSteadyMemory(origin.at, LOAD_CORE);
  process.stdout.write(
    `RSS at start and after each 100,000 requests: ${memory.map((mb) => mb.toFixed(0)).join(', ')} MB\n`,
  );
}

/** nginx answers HTTP/1.1 and nghttpd HTTP/2, both on the load's core: neither is the bottleneck of a proxy in Node. */
async function startOrigin(): Promise<{ at: Origin; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-origin-'));
  const at = { http1: await freePort(), http2: await freePort() };
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${folder};
  server { listen 127.0.0.1:${at.http1}; location / { return 200 "hello from the origin\\n"; } } }
`,
  );
  writeFileSync(join(folder, 'index.html'), 'hello from the origin\n');
  const pinned = ['-c', String(LOAD_CORE)];
  const processes: RunningProcess[] = [
    await startProcess({ command: 'taskset', args: [...pinned, 'nginx', '-c', file] }),
    await startProcess({
      command: 'taskset',
      args: [...pinned, 'nghttpd', '--no-tls', '-a', '127.0.0.1', '-d', folder, String(at.http2)],
    }),
  ];
  await untilListening(at.http1);
  await untilListening(at.http2);
  return {
    at,
    stop: async () => {
      for (const running of processes) await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
