/**
 * What a sidecar needs that takes its mesh from a control plane: `node e2e/bench/discovery-memory.ts [services]`. One sidecar is idle;
 * one calls 20 services of a mesh of 1,000 with ten endpoints each; the control plane is the real one.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discoveryVariables, startControlPlane } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { send, type Place } from '../harness/http-client.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';
import { residentMegabytes } from './memory.ts';

const CALLED = 20;
const ENDPOINTS = 10;
const REQUESTS = 1_000;

function meshOf(services: number, port: number): object {
  const name = (index: number): string => `svc-${index}`;
  const endpoint = (index: number, at: number): object => ({
    address: `127.${1 + (index >> 8)}.${index & 255}.${1 + at}`,
    port,
    pod: `${name(index)}-${at}`,
    ...(at % 5 === 4 ? { lane: 'gray' } : {}),
  });
  return {
    services: Array.from({ length: services }, (_, index) => ({
      ...{ name: name(index), port: 80, addresses: [`10.${100 + (index >> 8)}.${index & 255}.1`] },
      endpoints: Array.from({ length: ENDPOINTS }, (_unused, at) => endpoint(index, at)),
    })),
  };
}

const placeOf = (text: string): Place => {
  const [address = '', port] = text.split(':');
  return { address, port: Number(port) };
};

async function isReady({ status }: SidecarProcess): Promise<boolean> {
  return (await send(placeOf(status), { path: '/ready' })).status === 200;
}

/** As many requests, over so many services. */
async function callServices(sidecar: SidecarProcess, called: number, services: number): Promise<void> {
  for (let request = 0; request < REQUESTS; request += 1) {
    const host = `svc-${Math.floor(((request % called) * services) / called)}.default`;
    const { status } = await send(placeOf(sidecar.outbound), { host, path: '/' });
    if (status !== 200) throw new Error(`${host} answered ${status}`);
  }
}

/** Of a process at rest: the collector has had time to give back. */
async function atRest({ pid }: SidecarProcess): Promise<number> {
  let least = Infinity;
  const until = Date.now() + 8_000;
  await eventually('rest', () => {
    least = Math.min(least, residentMegabytes(pid));
    return Date.now() > until;
  });
  return least;
}

const services = Number(process.argv[2] ?? 1_000);
const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-memory-'));
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
try {
  const origin = createServer((_, response) => response.end('ok')).listen(0, '0.0.0.0');
  ends.push(() => origin.close());
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  const [file, tokenFile] = [join(folder, 'mesh.json'), join(folder, 'token')];
  writeFileSync(file, JSON.stringify(meshOf(services, port)));
  writeFileSync(tokenFile, 'token');
  const controlPlane = await startControlPlane({ file });
  ends.push(() => controlPlane.stop());
  const start = async (variables: object): Promise<SidecarProcess> => {
    const sidecar = await startSidecar({
      variables: { accessLogSample: '0', ...variables },
    });
    ends.push(() => sidecar.stop());
    await eventually('readiness', () => isReady(sidecar));
    return sidecar;
  };
  const withFile = await start({});
  const idle = await start(discoveryVariables(controlPlane.port, tokenFile));
  const callingOne = await start(discoveryVariables(controlPlane.port, tokenFile));
  const calling = await start(discoveryVariables(controlPlane.port, tokenFile));
  await callServices(callingOne, 1, services);
  await callServices(calling, CALLED, services);
  const held = (await send(placeOf(calling.admin), { path: '/config' })).text;
  const rows = [
    ['without a mesh, without a control plane', await atRest(withFile)],
    [`of a mesh of ${services} services, calling none`, await atRest(idle)],
    [`of a mesh of ${services} services, ${REQUESTS} requests to one of them`, await atRest(callingOne)],
    [`of a mesh of ${services} services, ${REQUESTS} requests to ${CALLED} of them`, await atRest(calling)],
  ] as const;
  for (const [what, megabytes] of rows)
    process.stdout.write(`${megabytes.toFixed(1).padStart(7)} MB  ${what}\n`);
  process.stdout.write(`         the last one holds ${/"services":(\d+)/.exec(held)?.[1] ?? '?'} services\n`);
} finally {
  for (const end of ends.toReversed()) await end();
}
