import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createAccessToken } from './http/create-access-token.ts';
import { openHttpNamingClient } from './http/open-http-naming-client.ts';
import type { InstanceList } from './instance.ts';
import type { NamingClient } from './naming-client.ts';
import { openUndecidedNamingClient } from './open-undecided-naming-client.ts';
import type { ServerOptions } from './server-options.ts';
import { HttpNacos } from './testing/http-nacos.ts';
import { serverOptions } from './testing/server-options.ts';

const KEY = { group: 'DEFAULT_GROUP', name: 'stock' };

interface Opened {
  readonly client: NamingClient;
  readonly log: RecordingLog;
  /** Protocols of the clients that were opened. */
  readonly opened: string[];
}

interface GrpcPort {
  /** How far it is from the server's. */
  readonly grpcPortOffset: number;
  /** Nobody accepts connections there before. */
  readonly listen: () => void;
}

async function grpcPort(server: HttpNacos): Promise<GrpcPort> {
  const grpc = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(grpc, 'listening');
  const { port } = grpc.address() as AddressInfo;
  grpc.close();
  await once(grpc, 'close');
  onTestFinished(() => void grpc.close());
  return { grpcPortOffset: port - server.address.port, listen: () => void grpc.listen(port, '127.0.0.1') };
}

async function openPort(server: HttpNacos): Promise<Pick<GrpcPort, 'grpcPortOffset'>> {
  const { grpcPortOffset, listen } = await grpcPort(server);
  listen();
  return { grpcPortOffset };
}

function open(server: HttpNacos, overrides: Partial<ServerOptions> = {}, grpcPatienceMs = 60_000): Opened {
  const opened: string[] = [];
  const log = createRecordingLog();
  const options = { ...serverOptions([server]), ...overrides };
  const token = createAccessToken(options, { log: createRecordingLog() });
  const openAs = (protocol: string) => () => {
    opened.push(protocol);
    // What speaks gRPC is tested elsewhere; here it matters that it was chosen.
    return openHttpNamingClient(options, { log: createRecordingLog(), token });
  };
  const client = openUndecidedNamingClient(options, {
    ...{ log, token, open: { grpc: openAs('grpc'), http: openAs('http') }, grpcPatienceMs },
  });
  onTestFinished(async () => {
    await client.close();
    token.close();
  });
  return { client, log, opened };
}

async function startNacos(): Promise<HttpNacos> {
  const server = await new HttpNacos().start();
  onTestFinished(() => server.stop());
  return server;
}

test.each([
  ['1.4.6', 'http'],
  ['1.0.0', 'http'],
  ['2.2.4', 'grpc'],
  ['3.1.0-BETA', 'grpc'],
])('speaks to Nacos %s over %s', async (version, protocol) => {
  const server = await startNacos();
  server.version = version;
  const { opened } = open(server, await openPort(server));
  await expect.poll(() => opened).toEqual([protocol]);
});

test.each([
  [true, 'grpc'],
  [false, 'http'],
])(
  'knows a server without a console by what it tells of a service (its group: %s)',
  async (tellsGroup, protocol) => {
    const server = await startNacos();
    server.version = undefined;
    server.services.tellsGroup = tellsGroup;
    const { opened } = open(server, await openPort(server));
    await expect.poll(() => opened).toEqual([protocol]);
  },
);

test('asks an old server for its version whoever the user is', async () => {
  const server = await startNacos();
  server.users.passwords.set('lane', 'secret');
  const { opened } = open(server, { credentials: { username: 'lane', password: async () => 'wrong' } });
  await expect.poll(() => opened).toEqual(['http']);
});

test('speaks gRPC where only the gRPC port answers', async () => {
  const server = await startNacos();
  const port = await openPort(server);
  await server.stop();
  const { opened } = open(server, port);
  await expect.poll(() => opened).toEqual(['grpc']);
});

test('polls a Nacos 2 of which only the HTTP port can be reached, and says what to do about it', async () => {
  const server = await startNacos();
  server.version = '2.2.4';
  const { opened, log } = open(server, { grpcPortOffset: 1 }, 20);
  await expect.poll(() => opened).toEqual(['http']);
  expect(log.events.map(({ event }) => event)).toEqual(['nacos_grpc_unreachable']);
  expect(log.events[0]?.fields['problem']).toContain(`127.0.0.1:${server.address.port + 1}`);
});

test('waits for the gRPC port of a Nacos 2 that is still starting', async () => {
  const server = await startNacos();
  server.version = '2.2.4';
  const { grpcPortOffset, listen } = await grpcPort(server);
  const { opened } = open(server, { grpcPortOffset });
  await expect.poll(() => server.seen('GET', '/v1/console/server/state').length).toBeGreaterThan(1);
  expect(opened).toEqual([]);
  listen();
  await expect.poll(() => opened).toEqual(['grpc']);
});

test('never takes a server that is not there, or says nothing of itself, for an old one', async () => {
  const server = await startNacos();
  const { grpcPortOffset, listen } = await grpcPort(server);
  await server.stop();
  const { client, log, opened } = open(server, { grpcPortOffset });
  const stages: string[] = [];
  client.onStatus(({ state }) => stages.push(state));
  const heard: InstanceList[] = [];
  client.subscribe(KEY, (list) => heard.push(list));
  await expect.poll(() => log.events.length).toBe(1);
  expect(client.status()).toMatchObject({ state: 'connecting', protocol: undefined, connections: 0 });
  await expect(client.query(KEY)).rejects.toMatchObject({ code: 'nacos_unreachable' });
  // It starts: the port is open, and everything is refused.
  server.fault = () => ({ status: 503, body: 'server is STARTING now' });
  await server.start();
  await expect.poll(() => server.requests.length).toBeGreaterThan(2);
  expect(opened).toEqual([]);
  server.version = '2.2.4';
  server.services.tellsGroup = true;
  listen();
  server.fault = () => undefined;
  await expect.poll(() => heard.length).toBe(1);
  expect(opened).toEqual(['grpc']);
  expect(stages).toEqual(['connected']);
  expect(log.events.map(({ event }) => event)).toEqual(['nacos_lost', 'nacos_back']);
  expect(await client.listServices(KEY.group)).toEqual([]);
});

test('tells a listener that has left before the decision nothing', async () => {
  const server = await startNacos();
  const { client, opened } = open(server);
  const heard: unknown[] = [];
  client.subscribe(KEY, (list) => heard.push(list))();
  client.onStatus((status) => heard.push(status))();
  const stayed: unknown[] = [];
  client.subscribe(KEY, (list) => stayed.push(list));
  await expect.poll(() => stayed.length).toBe(1);
  expect([heard, opened]).toEqual([[], ['http']]);
});

test('says of wrong credentials what whoever logs in has not logged already', async () => {
  const server = await startNacos();
  server.version = undefined;
  server.users.passwords.set('lane', 'secret');
  const { client, log, opened } = open(server, {
    credentials: { username: 'lane', password: async () => 'wrong' },
  });
  await expect.poll(() => client.status().problem).toContain('refuses user "lane"');
  await expect.poll(() => server.seen('GET', '/v1/console/server/state').length).toBeGreaterThan(2);
  expect([log.events, opened]).toEqual([[], []]);
});

test('decides nothing any more once it is closed', async () => {
  const server = await startNacos();
  server.fault = () => 'stall';
  const { client, opened } = open(server);
  await expect.poll(() => server.requests.length).toBe(1);
  await client.close();
  await expect.poll(() => server.connections).toBe(0);
  await expect(client.query(KEY)).rejects.toMatchObject({ code: 'nacos_closed' });
  expect(opened).toEqual([]);
});
