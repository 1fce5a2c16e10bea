// `npm run bench:control-plane`: 1,000 services of 10 pods, 1,000 connected sidecars that call 20 services each. The control plane
// and the sidecars are processes of their own. Prints figures beside the targets of issue 4; judges nothing.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { callersOf, HOT_SERVICE, serviceId, SIZE } from './control-plane-mesh.ts';
import { nowMs, type FromControlPlane, type FromSwarm } from './control-plane-messages.ts';
import { BenchProcess } from './control-plane-processes.ts';
import { printReport, type Round } from './control-plane-report.ts';

const ROUNDS = 200;
const HOT_ROUNDS = 20;
const STORM_ROUNDS = 5;
const STORM_SERVICES = 200;
/** Whatever was sent to others has come by then. */
const SETTLE_MS = 60;

const unready = new Set<number>();
const controlPlane = await BenchProcess.start('control-plane-process', shippedFlags());
const swarm = await BenchProcess.start('control-plane-swarm');
try {
  const { port, ca } = await controlPlane.hear<FromControlPlane, 'listening'>('listening');
  const idle = controlPlane.megabytes();
  const idleCpu = controlPlane.cpuSeconds();
  say(`connecting ${SIZE.sidecars} sidecars`);
  const begun = nowMs();
  swarm.tell({ kind: 'connect', port, ca });
  const synced = await swarm.hear<FromSwarm, 'synced'>('synced');
  const connected = controlPlane.megabytes();
  const syncCpu = controlPlane.cpuSeconds() - idleCpu;
  // 41 and the number of services have no common divisor: each round is of another service.
  const one = await rounds(ROUNDS, 'one service', (round) => [1 + ((round * 41) % (SIZE.services - 1))]);
  const beforeHot = controlPlane.cpuSeconds();
  const hot = await rounds(HOT_ROUNDS, 'the service that all call', () => [HOT_SERVICE]);
  const hotCpu = (controlPlane.cpuSeconds() - beforeHot) / HOT_ROUNDS;
  const many = Array.from({ length: STORM_SERVICES }, (_, index) => 1 + index);
  const storm = await rounds(STORM_ROUNDS, `${STORM_SERVICES} services at once`, () => many);
  printReport({
    memory: { idle, connected, end: controlPlane.megabytes(), peak: controlPlane.peakMegabytes() },
    sync: { ms: synced.at - begun, services: synced.services },
    cpu: { sync: syncCpu, hot: hotCpu },
    ...{ one, hot, storm },
  });
} finally {
  swarm.end();
  controlPlane.end();
}

async function rounds(
  count: number,
  what: string,
  servicesOf: (round: number) => readonly number[],
): Promise<readonly Round[]> {
  say(`${count} changes of ${what}`);
  const measured: Round[] = [];
  for (let round = 0; round < count; round += 1) measured.push(await measure(servicesOf(round)));
  return measured;
}

/** Turns the readiness of one pod of each service over. */
async function measure(services: readonly number[]): Promise<Round> {
  const arrivals = services.reduce((sum, index) => sum + callersOf(index), 0);
  swarm.tell({ kind: 'expect', services: services.map(serviceId), arrivals });
  await swarm.hear<FromSwarm, 'expecting'>('expecting');
  const arrived = swarm.hear<FromSwarm, 'arrived'>('arrived');
  const changed = controlPlane.hear<FromControlPlane, 'changed'>('changed');
  controlPlane.tell({ kind: 'change', pods: services.map((index) => ({ index, isReady: turnOver(index) })) });
  const { at } = await changed;
  const { last } = await arrived;
  await sleep(SETTLE_MS);
  const counted = swarm.hear<FromSwarm, 'counted'>('counted');
  swarm.tell({ kind: 'count' });
  const { sidecars, updates } = await counted;
  return { ms: last - at, sidecars, updates, concerned: arrivals };
}

function turnOver(index: number): boolean {
  const isReady = unready.delete(index);
  if (!isReady) unready.add(index);
  return isReady;
}

/** Those with which the bundle is to be run. */
function shippedFlags(): readonly string[] {
  const file = new URL('../../dist/control-plane/node-flags.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as string[];
}

function say(text: string): void {
  process.stderr.write(`· ${text}\n`);
}
