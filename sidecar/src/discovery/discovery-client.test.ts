import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientMessage, NodeIdentity } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import { createLogger } from '@lanekeeper/runtime/log';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { PEM } from '@lanekeeper/mesh-file/edge/arbitrary-edge.fixture';
import { compileSnapshot } from '../route/compile-snapshot.ts';
import { DiscoveryClient } from './discovery-client.ts';
import { DiscoveryState } from './discovery-state.ts';
import { Interests } from './interests.ts';
import { SnapshotStore } from './store.ts';
import {
  answering,
  answerNothing,
  CA,
  MESH_PART,
  sent,
  serviceOf,
  startControlPlane,
  type Script,
  type ScriptedControlPlane,
} from './testing/scripted-control-plane.ts';

const WAIT = { timeout: 20_000, interval: 5 };
const B = serviceOf('b', '10.96.0.2');
const NODE = { pod: 'a-1', namespace: 'shop', app: 'a', lane: 'gray', address: '10.0.0.9', version: '0.1.0' };

const EDGE: EdgeConfig = {
  listeners: [],
  certificates: { 'shop/tls': PEM },
};

let folder: string;
let tokenFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-discovery-'));
  tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'first\n');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function serve(script?: Script): Promise<ScriptedControlPlane> {
  const controlPlane = await startControlPlane(script);
  onTestFinished(() => controlPlane.stop());
  return controlPlane;
}

interface ClientSetup {
  readonly port: number;
  /** Default: localhost. */
  readonly host?: string;
  /** Default: the right one; undefined: those of the system. */
  readonly ca?: string | undefined;
  readonly caFile?: string;
  readonly waitMs?: number;
  readonly node?: Partial<NodeIdentity>;
}

function start(setup: ClientSetup) {
  const { port, host = 'localhost', ca, caFile, waitMs = 60_000 } = { ca: CA, ...setup };
  const events: string[] = [];
  const log = createLogger({
    ...{ level: 'info', name: 'test' },
    destination: { write: (line: string) => void events.push(JSON.parse(line).event) },
  });
  const store = new SnapshotStore({
    compile: (config, generation) => compileSnapshot(config, { generation, namespace: 'shop' }),
  });
  const interests = new Interests({ waitMs, own: ['ip:10.0.0.9', 'host:a'] });
  const state = new DiscoveryState({ controlPlane: 'cp:1', unanswered: () => interests.unanswered() });
  const zones: string[] = [];
  const edges: (EdgeConfig | undefined)[] = [];
  let node: NodeIdentity = { ...NODE, ...setup.node };
  const client = new DiscoveryClient({
    config: { address: { address: host, port }, ca, caFile, tokenFile, waitMs },
    node: () => node,
    interests,
    sink: {
      accept(config) {
        store.accept(config);
        edges.push(config.edge);
      },
      reject: (problems) => store.reject(problems),
      zone: (name) => void zones.push(name),
      lane: (name) => void (node = { ...node, lane: name }),
    },
    state,
    log,
    times: { retryBaseMs: 1, retryMaxMs: 5, refusedBaseMs: 1, refusedMaxMs: 5 },
  });
  onTestFinished(() => client.close());
  client.start();
  return { client, store, interests, state, events, zones, edges };
}

type Started = ReturnType<typeof start>;

const ready = ({ state }: Started): Promise<boolean> =>
  vi.waitUntil(() => state.notReady() === undefined, WAIT);
const services = ({ store }: Started): string => [...store.current().services.keys()].join();

function ofKind<K extends ClientMessage['kind']>(
  messages: readonly ClientMessage[],
  kind: K,
): Extract<ClientMessage, { kind: K }>[] {
  return messages.filter((message): message is Extract<ClientMessage, { kind: K }> => message.kind === kind);
}

test('says who it is with its token, asks for itself, and is ready once that is answered', async () => {
  const controlPlane = await serve({ on: answering({ 'host:a': serviceOf('a', '10.96.0.1') }) });
  const started = start(controlPlane);
  expect(started.state.notReady()).toContain('waiting for the control plane cp:1');
  await ready(started);
  const [stream] = controlPlane.streams;
  expect(stream?.token).toBe('Bearer first');
  expect(stream?.received.slice(0, 2)).toEqual([
    { kind: 'hello', node: NODE, holds: { services: {} } },
    { kind: 'interest', add: ['ip:10.0.0.9', 'host:a'], remove: [] },
  ]);
  expect(services(started)).toBe('shop/a');
  await vi.waitUntil(() => ofKind(stream?.received ?? [], 'ack').length === 2, WAIT);
});

test('is not ready before its own keys are answered', async () => {
  const controlPlane = await serve({
    on: (message, stream) => {
      if (message.kind === 'hello') stream.send({ mesh: { version: 'm1', value: MESH_PART } });
    },
  });
  const { state } = start(controlPlane);
  await vi.waitUntil(() => state.hasMesh, WAIT);
  expect(state.notReady()).toBe('waiting for the control plane cp:1: no answer yet to ip:10.0.0.9, host:a');
  controlPlane.streams[0]?.send({ answered: ['ip:10.0.0.9', 'host:a'], zone: 'z1' });
  await vi.waitUntil(() => state.notReady() === undefined, WAIT);
});

test('learns its zone from an update', async () => {
  const controlPlane = await serve({
    on: (message, stream) => {
      if (message.kind === 'hello') stream.send({ zone: 'z1' });
    },
  });
  const { zones } = start(controlPlane);
  await vi.waitUntil(() => zones.join() === 'z1', WAIT);
});

test('whoever needs a destination waits for the answer, which then is in force', async () => {
  const controlPlane = await serve({ on: answering({ 'ip:10.96.0.2': B }) });
  const started = start(controlPlane);
  await ready(started);
  const { interests } = started;
  const wait = interests.settle(interests.book.take('ip:10.96.0.2'));
  expect(wait).toBeInstanceOf(Promise);
  expect(interests.settle(interests.book.take('ip:10.96.0.2'))).toBe(wait);
  await wait;
  expect(services(started)).toBe('shop/b');
  expect(interests.settle(interests.book.take('ip:10.96.0.2'))).toBeUndefined();
  expect(interests.waits).toEqual({ answered: 1, late: 0, lost: 0 });
});

test('follows changes and forgets what it is told to', async () => {
  const controlPlane = await serve();
  const started = start(controlPlane);
  await ready(started);
  const [stream] = controlPlane.streams;
  stream?.send({ services: [sent(B), sent(serviceOf('c', '10.96.0.3'))] });
  await vi.waitUntil(() => services(started) === 'shop/b,shop/c', WAIT);
  stream?.send({ services: [sent({ ...B, addresses: ['10.96.0.9'] }, '2')], removed: ['shop/c'] });
  await vi.waitUntil(() => services(started) === 'shop/b', WAIT);
  expect(started.store.current().byAddress.has('10.96.0.9:80')).toBe(true);
});

test('refuses what it cannot use, keeps what it had, says so, and takes the correction', async () => {
  const controlPlane = await serve();
  const started = start(controlPlane);
  await ready(started);
  const [stream] = controlPlane.streams;
  stream?.send({ services: [sent(B)] });
  await vi.waitUntil(() => services(started) === 'shop/b', WAIT);
  const good = started.store.current();
  stream?.sendRaw({ kind: 'update', nonce: 'bad', services: [{ id: 'shop/b', version: '2', value: 7 }] });
  await vi.waitUntil(() => ofKind(stream?.received ?? [], 'nack').length === 1, WAIT);
  expect(ofKind(stream?.received ?? [], 'nack')[0]).toMatchObject({
    nonce: 'bad',
    problems: [{ path: 'services[0].value', message: 'expected a mapping, found 7' }],
  });
  expect(started.store.current()).toBe(good);
  expect(started.store.status()).toMatchObject({ rejected: 1 });
  expect(started.events).toContain('config_rejected');
  expect(started.state.notReady()).toBeUndefined();
  stream?.send({ services: [sent(serviceOf('b', '10.96.0.4'), '3')] });
  await vi.waitUntil(() => started.store.current().byAddress.has('10.96.0.4:80'), WAIT);
  expect(started.store.status().rejection).toBeNull();
});

test('comes back with a new token, says what it holds and asks for everything again; its mesh stays in force', async () => {
  const first = await serve({ on: answering({ 'ip:10.96.0.2': B }) });
  const started = start(first);
  await ready(started);
  await started.interests.settle(started.interests.book.take('ip:10.96.0.2'));
  writeFileSync(tokenFile, 'second');
  first.stop();
  await vi.waitUntil(() => !started.state.status().connected, WAIT);
  expect(services(started)).toBe('shop/b');
  expect(started.state.notReady()).toBeUndefined();
  const second = await serve({ port: first.port });
  await vi.waitUntil(() => started.state.status().connected, WAIT);
  const stream = second.streams.at(-1);
  expect(stream?.token).toBe('Bearer second');
  expect(stream?.received.slice(0, 2)).toEqual([
    { kind: 'hello', node: NODE, holds: { mesh: 'm1', services: { 'shop/b': '1' } } },
    { kind: 'interest', add: ['ip:10.0.0.9', 'host:a', 'ip:10.96.0.2'], remove: [] },
  ]);
  expect(services(started)).toBe('shop/b');
});

test('a destination that is needed between two streams is waited for', async () => {
  const controlPlane = await serve({ on: answering({ 'ip:10.96.0.2': B }) });
  const started = start(controlPlane);
  await ready(started);
  const { interests, state } = started;
  controlPlane.streams[0]?.end('UNAVAILABLE', 'age: come back with the token of now');
  await vi.waitUntil(() => !state.status().connected, WAIT);
  await interests.settle(interests.book.take('ip:10.96.0.2'));
  expect(services(started)).toBe('shop/b');
  expect(interests.waits).toEqual({ answered: 1, late: 0, lost: 0 });
});

test('a gateway puts what it is to serve in force, and says which version it holds when it comes back', async () => {
  const first = await serve();
  const started = start({ ...first, node: { role: 'gateway' } });
  await ready(started);
  const [stream] = first.streams;
  expect(ofKind(stream?.received ?? [], 'hello')[0]?.node.role).toBe('gateway');
  stream?.send({ edge: { version: 'e1', value: EDGE } });
  await vi.waitUntil(() => started.edges.at(-1) !== undefined, WAIT);
  expect(started.edges.at(-1)).toEqual(EDGE);
  stream?.send({ services: [sent(B)] });
  await vi.waitUntil(() => services(started) === 'shop/b', WAIT);
  expect(started.edges.at(-1)).toBe(started.edges.at(-2));
  stream?.end('OK', 'age: come back');
  await vi.waitUntil(() => ofKind(first.streams[1]?.received ?? [], 'hello').length === 1, WAIT);
  expect(ofKind(first.streams[1]?.received ?? [], 'hello')[0]?.holds).toEqual({
    ...{ mesh: 'm1', edge: 'e1' },
    services: { 'shop/b': '1' },
  });
});

test('an edge that cannot be used is refused by name, and the last good one stays', async () => {
  const controlPlane = await serve();
  const started = start({ ...controlPlane, node: { role: 'gateway' } });
  await ready(started);
  const [stream] = controlPlane.streams;
  stream?.send({ edge: { version: 'e1', value: EDGE } });
  await vi.waitUntil(() => started.edges.at(-1) !== undefined, WAIT);
  const secret = { certificate: 'none', key: 'c2VjcmV0' };
  stream?.send({ edge: { version: 'e2', value: { listeners: [], certificates: { 'shop/tls': secret } } } });
  await vi.waitUntil(() => ofKind(stream?.received ?? [], 'nack').length === 1, WAIT);
  const [nack] = ofKind(stream?.received ?? [], 'nack');
  expect(nack?.problems[0]?.path).toBe('edge.value.certificates["shop/tls"].certificate');
  expect(JSON.stringify(nack)).not.toContain('c2VjcmV0');
  expect(started.edges.at(-1)).toEqual(EDGE);
  expect(started.store.status().rejection).not.toBeNull();
});

test('learns its lane, and says it to the next control plane', async () => {
  const controlPlane = await serve();
  const started = start(controlPlane);
  await ready(started);
  const [stream] = controlPlane.streams;
  const before = ofKind(stream?.received ?? [], 'ack').length;
  stream?.send({ lane: 'blue' });
  await vi.waitUntil(() => ofKind(stream?.received ?? [], 'ack').length > before, WAIT);
  stream?.end('OK', 'age: come back');
  await vi.waitUntil(() => ofKind(controlPlane.streams[1]?.received ?? [], 'hello').length === 1, WAIT);
  expect(ofKind(controlPlane.streams[1]?.received ?? [], 'hello')[0]?.node.lane).toBe('blue');
});

test('nobody waits while the control plane stays away, and who waited goes on', async () => {
  const controlPlane = await serve({
    on: (message, stream) => {
      if (message.kind !== 'interest' || message.add.includes('host:a')) answerNothing(message, stream);
    },
  });
  const started = start(controlPlane);
  await ready(started);
  const { interests } = started;
  const wait = interests.settle(interests.book.take('host:never'));
  expect(wait).toBeInstanceOf(Promise);
  controlPlane.stop();
  await wait;
  expect(interests.waits.lost).toBe(1);
  expect(interests.settle(interests.book.take('host:other'))).toBeUndefined();
});

test('an answer that takes too long is waited for once', async () => {
  const controlPlane = await serve({
    on: (message, stream) => {
      if (message.kind !== 'interest' || message.add.includes('host:a')) answerNothing(message, stream);
    },
  });
  const started = start({ ...controlPlane, waitMs: 20 });
  await ready(started);
  const { interests } = started;
  await interests.settle(interests.book.take('host:slow'));
  expect(interests.waits.late).toBe(1);
  expect(interests.settle(interests.book.take('host:slow'))).toBeUndefined();
});

test.each([
  ['UNAUTHENTICATED', 'token-expired: the token is of yesterday'],
  ['PERMISSION_DENIED', 'wrong-pod: the token is of another pod'],
] as const)('says that it was refused with %s, and tries again', async (code, details) => {
  const controlPlane = await serve({ on: (_, stream) => stream.end(code, details) });
  const { state, events } = start(controlPlane);
  await vi.waitUntil(() => controlPlane.streams.length >= 3, WAIT);
  expect(state.notReady()).toBe(`waiting for the control plane cp:1: ${code}: ${details}`);
  expect(events.filter((event) => event === 'discovery_refused')).toHaveLength(1);
});

test('says that it cannot trust a control plane of another authority', async () => {
  const controlPlane = await serve();
  const { state } = start({ ...controlPlane, ca: undefined });
  await vi.waitUntil(() => state.notReady()?.includes('UNAVAILABLE') === true, WAIT);
  expect(state.notReady()).toContain('certificate');
  expect(controlPlane.streams).toEqual([]);
});

test('knows a control plane by its address, where the certificate is for that', async () => {
  const controlPlane = await serve({ on: answering({ 'host:a': serviceOf('a', '10.96.0.1') }) });
  await ready(start({ ...controlPlane, host: '127.0.0.1' }));
});

test('trusts the authorities that stand in a file by then', async () => {
  const controlPlane = await serve();
  const caFile = join(folder, 'ca.crt');
  const started = start({ ...controlPlane, ca: undefined, caFile });
  const { state } = started;
  await vi.waitUntil(() => state.notReady()?.includes('authorities cannot be read') === true, WAIT);
  writeFileSync(caFile, CA);
  await ready(started);
});

test('says that its token cannot be read, and goes on once it can', async () => {
  rmSync(tokenFile);
  const controlPlane = await serve();
  const started = start(controlPlane);
  await vi.waitUntil(() => started.state.notReady()?.includes('ENOENT') === true, WAIT);
  writeFileSync(tokenFile, 'late');
  await ready(started);
  expect(controlPlane.streams[0]?.token).toBe('Bearer late');
});

test('comes back at once when it is sent on its way', async () => {
  const controlPlane = await serve();
  const started = start(controlPlane);
  await ready(started);
  controlPlane.streams[0]?.end('OK', 'max-age: spread');
  await vi.waitUntil(() => controlPlane.streams.length === 2 && started.state.status().connected, WAIT);
  expect(started.events).not.toContain('discovery_lost');
});

test('survives bytes that are no JSON', async () => {
  const controlPlane = await serve();
  const started = start(controlPlane);
  await ready(started);
  controlPlane.streams[0]?.sendRaw(undefined);
  await vi.waitUntil(() => controlPlane.streams.length === 2 && started.state.status().connected, WAIT);
});

test('says at once that its workload is about to go, and says so again to whom it comes back to', async () => {
  const controlPlane = await serve();
  const started = start(controlPlane);
  await ready(started);
  const [first] = controlPlane.streams;
  expect(ofKind(first?.received ?? [], 'hello')[0]).not.toHaveProperty('draining');
  started.client.drain();
  await vi.waitUntil(() => ofKind(first?.received ?? [], 'draining').length === 1, WAIT);
  first?.end('OK', 'max-age: spread');
  await vi.waitUntil(() => controlPlane.streams.length === 2 && started.state.status().connected, WAIT);
  const [hello] = ofKind(controlPlane.streams[1]?.received ?? [], 'hello');
  expect(hello).toMatchObject({ node: NODE, draining: true });
});
