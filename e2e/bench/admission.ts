// `node e2e/bench/admission.ts [SECONDS]`, after `npm run build`: what an admission takes at 50 pods a second, from the first pod of
// a process that has just become ready, and in a steady state. One client with kept connections, as the API server is one. Prints
// figures, judges nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { podOf } from '@lanekeeper/injector/testing/admission';
import { createCertificateFolder } from '@lanekeeper/injector/testing/certificate-folder';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { post, reviewOf } from '@lanekeeper/injector/testing/post';
import type { CertificatePair } from '@lanekeeper/runtime/certificate-files';
import { INJECTOR_VARIABLES } from '@lanekeeper/protocol/variables';
import { startProcess } from '../harness/process.ts';
import { residentMegabytes } from './memory.ts';

const PER_SECOND = 50;
const PROGRAM = fileURLToPath(new URL('../../dist/injector/main.mjs', import.meta.url));
const seconds = Number(process.argv[2] ?? 20);
if (!Number.isInteger(seconds) || seconds < 1) {
  process.stderr.write('usage: node e2e/bench/admission.ts [SECONDS, a whole number; default 20]\n');
  process.exit(64);
}

const pair = makePair('injector');
const certificates = createCertificateFolder(pair);
const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-bench-'));
const factsFile = join(folder, 'facts.json');
writeFileSync(factsFile, '{"namespaces": {"shop": {"labels": {"lanekeeper.io/injection": "enabled"}}}}');
const begun = performance.now();
const injector = await startProcess({
  command: process.execPath,
  args: [PROGRAM],
  env: {
    [INJECTOR_VARIABLES.source]: 'file',
    [INJECTOR_VARIABLES.listen]: '127.0.0.1:0',
    [INJECTOR_VARIABLES.statusListen]: '127.0.0.1:0',
    [INJECTOR_VARIABLES.certificateFile]: certificates.certificateFile,
    [INJECTOR_VARIABLES.keyFile]: certificates.keyFile,
    [INJECTOR_VARIABLES.factsFile]: factsFile,
    [INJECTOR_VARIABLES.sidecarImage]: 'lanekeeper/sidecar:0.1.0',
    [INJECTOR_VARIABLES.redirectImage]: 'lanekeeper/redirect:0.1.0',
  },
  ready: /"event":"ready"/,
});
const readyMs = performance.now() - begun;
try {
  const port = Number(/"webhook":"127.0.0.1:([0-9]+)"/.exec(injector.output())?.[1]);
  await warmClient(pair);
  const agent = new Agent({ keepAlive: true });
  const ask = async (body: string): Promise<void> => {
    const { status } = await post(body, { port, ca: pair.cert, agent });
    if (status !== 200) throw new Error(`expected 200, found ${status}`);
  };
  const latencies = await atRate(seconds, ask);
  agent.destroy();
  const cold = latencies.slice(0, PER_SECOND);
  const steady = latencies.slice(PER_SECOND);
  print('ready after', `${readyMs.toFixed(0)} ms`);
  print('first second', quantiles(cold));
  if (steady.length > 0) print('after that', quantiles(steady));
  print('resident', `${residentMegabytes(injector.pid).toFixed(0)} MB`);
} finally {
  await injector.stop();
  certificates.remove();
  rmSync(folder, { recursive: true, force: true });
}

/** An API server is no process that makes its first call: what is measured is the injector's cold start, not the client's. */
async function warmClient({ cert, key }: CertificatePair): Promise<void> {
  const server = createServer({ cert, key }, (request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (let index = 0; index < 100; index++) await post(reviewOf(busyPod(index)), { port, ca: cert });
  server.close();
  server.closeAllConnections();
}

/** Starts one every 20 ms whatever the others do; resolves to the latencies in ms, in the order of sending. */
async function atRate(forSeconds: number, send: (body: string) => Promise<void>): Promise<readonly number[]> {
  const start = performance.now();
  const running: Promise<number>[] = [];
  for (let index = 0; index < forSeconds * PER_SECOND; index++) {
    await sleep(Math.max(0, start + (index * 1000) / PER_SECOND - performance.now()));
    const body = reviewOf(busyPod(index));
    const sent = performance.now();
    running.push(send(body).then(() => performance.now() - sent));
  }
  return Promise.all(running);
}

/** A pod of usual size: some 15 KB. */
function busyPod(index: number): object {
  const env = Array.from({ length: 60 }, (_, at) => ({ name: `SETTING_${at}`, value: 'v'.repeat(80) }));
  const containers = ['app', 'helper', 'logs'].map((name) => ({ name, image: `${name}:1`, env }));
  return podOf({ labels: { app: `b-${index}`, 'lanekeeper.io/lane': 'gray' }, spec: { containers } });
}

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms (${sorted.length} pods)`;
}

function print(name: string, figure: string): void {
  process.stdout.write(`${name.padEnd(14)}${figure}\n`);
}
