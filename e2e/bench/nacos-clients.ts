// `npm run bench:nacos-clients`: what ADR 12 compares, on a real Nacos server: the package `nacos` by itself, our clients of services, and
// the package's configuration client over our requests. Prints figures, judges nothing.
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { callNacos } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { startNacosServer } from '@lanekeeper/playground/nacos-server/start-nacos-server';
import {
  GROUP,
  ourConfig,
  ourNaming,
  packageConfig,
  packageNaming,
  type Contestant,
} from './nacos-contestants.ts';

const CHANGES = 20;
/** Nothing that takes longer is waited for. */
const PATIENCE_MS = 20_000;
const OUTAGE_MS = 10_000;

/** How something comes to be there, to change and to go. */
interface Subject {
  readonly name: string;
  add(): Promise<unknown>;
  remove(): Promise<unknown>;
}

const server = await startNacosServer();
try {
  for (const open of [
    () => packageNaming(server),
    () => ourNaming(server, 'grpc'),
    () => ourNaming(server, 'http'),
    () => packageConfig(server),
    () => ourConfig(server),
  ]) {
    await measure(await open());
  }
} finally {
  await server.stop();
}
// The package leaves timers and connections behind.
process.exit();

async function measure(contestant: Contestant): Promise<void> {
  const subject = contestant.name.startsWith('services') ? instanceOf(contestant) : documentOf(contestant);
  let heard = 0;
  contestant.follow(subject.name, () => (heard += 1));
  await sleep(3000);
  const seen = async (change: () => Promise<unknown>): Promise<number> => {
    const before = heard;
    const began = performance.now();
    await change();
    while (heard === before && performance.now() - began < PATIENCE_MS) await sleep(1);
    return heard === before ? Infinity : performance.now() - began;
  };
  say(`${contestant.name} (load ${loadavg()[0]?.toFixed(0)})`);
  const [come, gone]: [number[], number[]] = [[], []];
  for (let round = 0; round < CHANGES && !gone.includes(Infinity); round++) {
    come.push(await seen(() => subject.add()));
    gone.push(await seen(() => subject.remove()));
  }
  say(`  there: ${figures(come)}`);
  say(`  gone, nothing is left: ${figures(gone)}`);
  await server.kill();
  await sleep(500);
  const [lines, cpu] = [contestant.lines(), process.cpuUsage()];
  await sleep(OUTAGE_MS);
  const { user, system } = process.cpuUsage(cpu);
  const share = ((user + system) / 1000 / OUTAGE_MS) * 100;
  say(
    `  outage of ${OUTAGE_MS / 1000} s: ${share.toFixed(1)} % of a core, ${contestant.lines() - lines} further lines`,
  );
  await server.start();
  say(`  right again after the return: ${figures([await seen(() => subject.add())])}`);
  const began = performance.now();
  await contestant.close();
  say(`  close: ${(performance.now() - began).toFixed(0)} ms`);
  await subject.remove();
}

function instanceOf({ name }: Contestant): Subject {
  const service = `bench-${name.replaceAll(/\W+/g, '-')}`;
  const instance = { serviceName: service, ip: '10.0.0.1', port: 80, ephemeral: true };
  return {
    name: service,
    add: () => asked(server, 'POST', '/ns/instance', instance),
    remove: () => asked(server, 'DELETE', '/ns/instance', instance),
  };
}

function documentOf({ name }: Contestant): Subject {
  const dataId = `bench-${name.replaceAll(/\W+/g, '-')}.yaml`;
  let version = 0;
  return {
    name: dataId,
    add: () => asked(server, 'POST', '/cs/configs', { dataId, group: GROUP, content: `a: ${++version}` }),
    remove: () => asked(server, 'DELETE', '/cs/configs', { dataId, group: GROUP }),
  };
}

async function asked(
  at: NacosServer,
  method: 'POST' | 'DELETE',
  path: string,
  fields: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const { status, text } = await callNacos(at, method, path, fields);
  if (status !== 200) throw new Error(`${method} ${path}: HTTP ${status} ${text}`);
}

function figures(ms: readonly number[]): string {
  const sorted = ms.toSorted((one, other) => one - other);
  const at = (share: number): string => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    return value === Infinity ? `never (${PATIENCE_MS / 1000} s)` : `${value.toFixed(0)} ms`;
  };
  return ms.length === 1 ? at(0) : `p50 ${at(0.5)}, slowest ${at(1)} (n=${ms.length})`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
