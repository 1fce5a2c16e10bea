import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import type { NodeIdentity } from '@lanekeeper/protocol/discovery';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDiscovery, type DiscoveryFixture } from '../../testing/discovery-fixture.ts';
import { makeService } from '../../testing/test-mesh.ts';
import type { DiscoveryClient } from '../../testing/discovery-client.ts';
import { createStaticTokens, type StaticTokens } from './static-tokens.ts';

const ORDERS = 'orders-token-0123456789abcdef0123456789';
const EDGE = 'edge-token-0123456789abcdef0123456789ab';
const TOKENS = `
tokens:
- {name: orders, token: ${ORDERS}, namespaces: [shop, web], pods: [orders-1, "orders-blue-*"], apps: [orders]}
- {name: edge, token: ${EDGE}, namespaces: [edge], role: gateway}
`;

let folder: string;
let path: string;
let log: RecordingLog;
let tokens: StaticTokens;
let discovery: DiscoveryFixture;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanekeeper-tokens-'));
  path = join(folder, 'tokens.yaml');
  log = createRecordingLog();
  await write(TOKENS);
  tokens = createStaticTokens({ path, log, times: { quietMs: 5, pollMs: 20 } });
  await tokens.start();
  discovery = await startDiscovery({ authenticator: tokens });
});
afterEach(async () => {
  discovery.close();
  tokens.close();
  await rm(folder, { recursive: true });
});

async function write(text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

const NODE: Partial<NodeIdentity> = { pod: 'orders-1', namespace: 'shop', app: 'orders' };

function hello(token: string | undefined, node: Partial<NodeIdentity> = {}): DiscoveryClient {
  const client = discovery.connect(token === undefined ? {} : { token });
  client.hello({ ...NODE, ...node });
  return client;
}

describe('a gateway', () => {
  const GATEWAY = { app: '', role: 'gateway' } as const;

  it('is told what gateways serve where its token says that it may be one', async () => {
    const client = hello(EDGE, { ...GATEWAY, pod: 'edge-1', namespace: 'edge' });
    expect((await client.take()).edge).toBeDefined();
  });

  it('is told what sidecars are, and no more, with a token that does not', async () => {
    const update = await hello(ORDERS, { role: 'gateway' }).take();
    expect(update.mesh).toBeDefined();
    expect(update.edge).toBeUndefined();
  });
});

describe('a sidecar with a token of the file', () => {
  it('is served as what the token allows it to be', async () => {
    discovery.mesh.put(makeService('b'), new Set(['shop']));
    for (const node of [{}, { pod: 'orders-blue-7' }]) {
      const client = hello(ORDERS, node);
      await client.take();
      client.want('host:b.shop');
      expect((await client.take()).services).toHaveLength(1);
    }
    const elsewhere = hello(ORDERS, { namespace: 'web' });
    await elsewhere.take();
    elsewhere.want('host:b.shop');
    expect((await elsewhere.take()).services).toEqual([]);
  });

  it.each([
    [{ namespace: 'edge' }, 'token orders is for namespace shop, web, the hello says edge'],
    [{ pod: 'orders-2' }, 'token orders is for pod orders-1, orders-blue-*, the hello says orders-2'],
    [{ app: 'edge' }, 'token orders is for app orders, the hello says edge'],
  ])('is refused as anything else: %j', async (node, sentence) => {
    expect(await hello(ORDERS, node).status).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: `identity_mismatch: ${sentence}`,
    });
  });

  it('may have a namesake: nobody says which of the two is old', async () => {
    const first = hello(EDGE, { namespace: 'edge' });
    await first.take();
    const second = hello(EDGE, { namespace: 'edge' });
    await second.take();
    first.want('host:b');
    await first.take();
    expect([...discovery.publisher.streams()]).toHaveLength(2);
  });
});

it('without a token, or with another one, a sidecar is refused', async () => {
  expect(await hello(undefined).status).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: expect.stringMatching(/^token_absent: /),
  });
  expect(await hello(`${ORDERS.slice(0, -1)}x`).status).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: 'token_refused: no such token is in the tokens file',
  });
});

describe('a file that changes', () => {
  it('counts from then on: what is new is let in, what is gone is sent away', async () => {
    const [orders, edge] = [hello(ORDERS), hello(EDGE, { namespace: 'edge' })];
    await orders.take();
    await edge.take();
    const fresh = 'fresh-token-0123456789abcdef0123456789a';
    await write(TOKENS.replace(ORDERS, fresh));
    expect(await orders.status).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'token_refused: the token is not in force any more',
    });
    await hello(fresh).take();
    expect((await hello(ORDERS).status).code).toBe(status.UNAUTHENTICATED);
    edge.want('host:b');
    await edge.take();
  });

  it('counts also between a token and its hello', async () => {
    const authenticate = vi.spyOn(tokens, 'authenticate');
    const late = discovery.connect({ token: ORDERS });
    await vi.waitFor(() => expect(authenticate).toHaveBeenCalledWith(ORDERS));
    const edge = hello(EDGE, { namespace: 'edge' });
    await edge.take();
    await write('tokens: []');
    await edge.status;
    late.hello(NODE);
    expect((await late.status).details).toBe('token_refused: the token is not in force any more');
  });

  it('ends the streams of a token that means something else now', async () => {
    const orders = hello(ORDERS);
    await orders.take();
    await write(TOKENS.replace('[shop, web]', '[web]'));
    expect((await orders.status).code).toBe(status.UNAUTHENTICATED);
  });

  it('keeps the last good one where it is wrong, and says why without the tokens', async () => {
    await write(TOKENS.replace('name: edge', 'nam: edge'));
    await vi.waitFor(() => expect(tokens.problems()).not.toEqual([]));
    expect(tokens.problems()[0]).toMatch(/tokens\.yaml: tokens\[1\].*unknown key/);
    await hello(ORDERS).take();
    await rm(path);
    await vi.waitFor(() => expect(tokens.problems()[0]).toContain('found none'));
    expect(tokens.problems()[0]?.split('tokens.yaml')).toHaveLength(2);
    await hello(EDGE, { namespace: 'edge' }).take();
    await write(TOKENS);
    await vi.waitFor(() => expect(tokens.problems()).toEqual([]));
  });
});

it('a file that is wrong from the start is a mistake of the settings', async () => {
  const wrong = createStaticTokens({ path: join(folder, 'none.yaml'), log });
  await expect(wrong.start()).rejects.toThrow('none.yaml: expected a file, found none');
});

it('no token is in any line of the log', async () => {
  await hello(ORDERS).take();
  await hello(`${ORDERS}x`).status;
  await hello(EDGE, { namespace: 'shop' }).status;
  await write(TOKENS.replace('namespaces: [edge]', EDGE));
  await vi.waitFor(() => expect(tokens.problems()).not.toEqual([]));
  const lines = JSON.stringify([...log.events, ...discovery.log.events]);
  expect(lines).toContain('config_rejected');
  expect(lines).toContain('identity_mismatch');
  expect(lines).not.toContain('0123456789abcdef');
});
