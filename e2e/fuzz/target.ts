import { readdirSync } from 'node:fs';
import { send, type Answer, type Place } from '../harness/http-client.ts';
import type { Hop } from '@lanekeeper/protocol/hop';
import { eventually } from '../harness/eventually.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';
import { CANARY, startRecordingUpstream, type RecordingUpstream } from './recording-upstream.ts';

export type Role = 'outbound' | 'inbound' | 'gateway';
export const ROLES: readonly Role[] = ['outbound', 'inbound', 'gateway'];

/** A real sidecar in one role before a recording upstream. */
export interface Target {
  readonly role: Role;
  readonly entry: Place;
  readonly upstream: RecordingUpstream;
  /** What is wrong with the process: ended, or an error in its log. */
  health(): readonly string[];
  /** A well-formed request over a connection of its own, which has to be answered whatever came before. */
  canary(): Promise<readonly string[]>;
  /** What does not come back to nothing once nobody is connected: requests in flight, connections, descriptors. */
  settle(): Promise<readonly string[]>;
  /** HTTP/2 requests at the upstream that no hop tells of. */
  unexplained(): Promise<readonly string[]>;
  rssKiB(): Promise<number>;
  stop(): Promise<void>;
}

const LIMITS = {
  headTimeoutMs: '200',
  idleTimeoutMs: '300',
  responseTimeoutMs: '1000',
  connectTimeoutMs: '1000',
  detectTimeoutMs: '20',
  maxHeadBytes: '16384',
  accessLogSample: '0',
  hopCapacity: '10000',
};

export async function startTarget(role: Role): Promise<Target> {
  const upstream = await startRecordingUpstream();
  const services = [{ name: 'u', port: 80, endpoints: [{ address: '127.0.0.1', port: upstream.port }] }];
  const sidecar = await startSidecar({
    mesh: { services, gateway: { routes: [{ hosts: ['u'], service: 'u' }] } },
    variables: {
      ...LIMITS,
      role: role === 'gateway' ? 'gateway' : 'sidecar',
      ...(role === 'gateway' ? {} : { app: 'u', appAddress: `127.0.0.1:${upstream.port}` }),
    },
  });
  const admin = placeOf(sidecar.admin);
  const descriptors = (): number => readdirSync(`/proc/${sidecar.pid}/fd`).length;
  const atRest = descriptors();
  const ask = (path: string): Promise<Answer> => send(admin, { path });
  const entry = placeOf(sidecar[role]);
  let exit: string | undefined;
  void sidecar.exited.then((code) => (exit = `the process ended with ${code}`));
  return {
    role,
    entry,
    upstream,
    health: () => [
      ...(exit === undefined ? [] : [`${exit}\n${sidecar.output().slice(-3_000)}`]),
      ...errorsIn(sidecar),
    ],
    async canary() {
      const answer = await send(entry, { host: 'u', path: CANARY }).catch((error: unknown) => String(error));
      const isFine = typeof answer === 'object' && answer.status === 200 && answer.text === 'ok';
      return isFine
        ? []
        : [`the canary got ${typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`}`];
    },
    async settle() {
      const leftovers = async (): Promise<readonly string[]> => [
        ...unsettled((await ask('/metrics')).text),
        ...loads((await ask('/clusters')).text),
        ...(descriptors() <= atRest + 3 ? [] : [`${descriptors()} descriptors, ${atRest} at rest`]),
      ];
      let last: readonly string[] = [];
      await eventually('rest', async () => (last = await leftovers()).length === 0, 8_000).catch(
        () => undefined,
      );
      return last;
    },
    async unexplained() {
      const { hops } = JSON.parse((await ask('/hops?limit=10000')).text) as { readonly hops: readonly Hop[] };
      const known = new Set(hops.map((hop) => `${hop.method} ${hop.path}`));
      return upstream
        .takeHttp2()
        .filter((request) => !known.has(request))
        .map((request) => `the upstream got an HTTP/2 request that the proxy knows nothing of: ${request}`);
    },
    async rssKiB() {
      const match = /^process_resident_memory_bytes (.*)$/m.exec((await ask('/metrics')).text);
      return Number(match?.[1] ?? 0) / 1024;
    },
    async stop() {
      await sidecar.stop();
      upstream.close();
    },
  };
}

function placeOf(text: string): Place {
  const colon = text.lastIndexOf(':');
  return { address: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function errorsIn(sidecar: SidecarProcess): readonly string[] {
  return sidecar
    .output()
    .split('\n')
    .filter((line) => /"level":"(?:error|fatal)"|unhandled|uncaught|Warning:/i.test(line))
    .slice(0, 3)
    .map((line) => `in the log: ${line.slice(0, 1_500)}`);
}

/** Gauges that are not at zero with nobody connected. */
function unsettled(metrics: string): readonly string[] {
  return metrics
    .split('\n')
    .filter(
      (line) => /^lanekeeper_(?:requests_in_flight|connections)(?:\{| )/.test(line) && !line.endsWith(' 0'),
    );
}

function loads(clusters: string): readonly string[] {
  return [...clusters.matchAll(/"inFlight":\s*([1-9]\d*)/g)].map(([match]) => `an endpoint has ${match}`);
}
