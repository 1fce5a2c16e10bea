// `npm run bench:nacos`: 1,000 services with 10,000 instances in a real Nacos server, read by the real control plane; then changes
// of single instances on their way to a subscriber. Prints figures beside what issue 5 asks for; judges nothing.
import { cpus, loadavg } from 'node:os';
import { startNacosServer } from '@lanekeeper/playground/nacos-server/start-nacos-server';
import { residentMegabytes } from './memory.ts';
import { startOnNacos, type MeasuredControlPlane } from './nacos-control-plane.ts';
import { Fleet, FLEET, fleetAddress, fleetService } from './nacos-fleet.ts';
import { subscribe, type Subscriber } from './nacos-subscriber.ts';

/** Services that the subscriber calls: half of them by host, half by an instance's address. */
const CALLED = 20;
const CHANGES = 100;
/** Instances that nobody sends beats of are to outlive the benchmark. */
const UNATTENDED = { 'nacos.naming.client.expired.time': '3600000' };
const INSTANCES = FLEET.services * FLEET.instancesOfService;

const server = await startNacosServer({ heapMb: 256, properties: UNATTENDED });
const fleet = new Fleet(server.httpPort);
try {
  const filling = say(`filling Nacos with ${FLEET.services} services, ${INSTANCES} instances`);
  await fleet.fill();
  const fillMs = filling();
  const loading = say('starting the control plane');
  const controlPlane = await startOnNacos(server.httpPort);
  loading();
  try {
    await measure(controlPlane, fillMs);
  } finally {
    await controlPlane.stop();
  }
} finally {
  fleet.close();
  await server.stop();
}

async function measure(controlPlane: MeasuredControlPlane, fillMs: number): Promise<void> {
  const loaded = {
    services: await controlPlane.metric('lanekeeper_nacos_services'),
    instances: await controlPlane.metric('lanekeeper_nacos_instances'),
    memory: controlPlane.megabytes(),
    peak: controlPlane.peakMegabytes(),
    cpu: controlPlane.cpuSeconds(),
  };
  const asked = performance.now();
  const subscriber = subscribe({ ...controlPlane, keys: keys() });
  const endpoints = [...(await subscriber.inStep).values()];
  const inStepMs = performance.now() - asked;
  const changing = say(`${CHANGES} changes of one instance`);
  const times = await changes(subscriber);
  changing();
  const followed = await controlPlane.metric('lanekeeper_nacos_followed_services');
  subscriber.close();
  print('', `${cpus()[0]?.model ?? ''}, ${cpus().length} cores for all, Node ${process.versions.node}`);
  print(`load of the machine ${loadavg()[0]?.toFixed(1)}; Nacos 2.2.4, ${serverMegabytes()}`, '');
  row('', 'measured', 'asked');
  row('Nacos filled, for the record', seconds(fillMs), '');
  row('from start to all loaded', seconds(controlPlane.readyMs), '< 10 s');
  row(
    '  services, instances known',
    `${loaded.services}, ${loaded.instances}`,
    `${FLEET.services}, ${INSTANCES}`,
  );
  row('  CPU of the control plane', `${loaded.cpu.toFixed(1)} s`, '');
  row('memory when loaded', megabytes(loaded.memory), '');
  row('  peak so far', megabytes(loaded.peak), '< 200 MB');
  row(`${CALLED} services asked for and answered`, `${inStepMs.toFixed(0)} ms`, '');
  row(
    '  endpoints of each',
    `${Math.min(...endpoints)} to ${Math.max(...endpoints)}`,
    String(FLEET.instancesOfService),
  );
  row('  services subscribed', String(followed), String(CALLED));
  row('change of one instance, Nacos to sidecar', percentiles(times), '< 1 s');
  row('memory after all changes, peak', megabytes(controlPlane.peakMegabytes()), '< 200 MB');
}

/** `host:service-0`, `ip:10.1.0.10` of service 1, and so on. */
function keys(): readonly (`host:${string}` | `ip:${string}`)[] {
  return Array.from({ length: CALLED }, (_, service) =>
    service % 2 === 0
      ? (`host:${fleetService(service)}` as const)
      : (`ip:${fleetAddress({ service, number: 0 })}` as const),
  );
}

/** Each moves one instance into the lane or out of it. */
async function changes(subscriber: Subscriber): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < CHANGES; round += 1) {
    const service = round % CALLED;
    const arrived = subscriber.nextOf(`default/${fleetService(service)}`);
    const changed = performance.now();
    await Promise.all([
      arrived,
      fleet.register({ service, number: 0, revision: 1 + Math.floor(round / CALLED) }),
    ]);
    times.push(performance.now() - changed);
  }
  return times.sort((a, b) => a - b);
}

function percentiles(sorted: readonly number[]): string {
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
}

function serverMegabytes(): string {
  const pid = server.pid();
  return pid === undefined ? '' : `${megabytes(residentMegabytes(pid))} of memory`;
}

function megabytes(value: number): string {
  return `${value.toFixed(0)} MB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function row(...[name, measured, asked]: readonly [string, string, string]): void {
  print(`${name.padEnd(42)}${measured.padEnd(38)}${asked}`.trimEnd());
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Tells what begins; the answer, called at its end, tells how long it took. */
function say(text: string): () => number {
  const started = performance.now();
  process.stderr.write(`· ${text}\n`);
  return () => {
    const took = performance.now() - started;
    process.stderr.write(`·   done in ${seconds(took)}\n`);
    return took;
  };
}
