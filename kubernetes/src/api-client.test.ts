import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApiClient } from './api-client.ts';
import { createApiClient } from './api-client.ts';
import { ApiError, isConflict, isGone, isNotFound } from './api-error.ts';
import type { Credentials } from './credentials.ts';
import { DEPLOYMENTS, LEASES, NAMESPACES, PODS, SECRETS, nameOf, pathOf } from './resources.ts';
import { ApiServer } from './testing/api-server.ts';
import { openClient, openCredentials } from './testing/open-client.ts';

let server: ApiServer;
let client: ApiClient;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
});

afterEach(async () => {
  client.close();
  await server.stop();
});

const secret = { resource: SECRETS, namespace: 'shop', name: 'ca' };

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw new Error('expected an ApiError', { cause: error });
}

it('names objects in the paths of their groups', () => {
  expect(pathOf({ resource: PODS })).toBe('/api/v1/pods');
  expect(pathOf({ resource: NAMESPACES, name: 'shop' })).toBe('/api/v1/namespaces/shop');
  expect(pathOf({ resource: DEPLOYMENTS, namespace: 'a', name: 'b', subresource: 'status' })).toBe(
    '/apis/apps/v1/namespaces/a/deployments/b/status',
  );
  expect(pathOf({ resource: SECRETS, namespace: '../x', name: 'a/b' })).toBe(
    '/api/v1/namespaces/..%2Fx/secrets/a%2Fb',
  );
  expect(nameOf({ resource: LEASES, namespace: 'a', name: 'b' })).toBe(
    'leases.coordination.k8s.io "b" in namespace a',
  );
});

it('creates, reads, replaces, patches and deletes an object', async () => {
  await client.create(
    { resource: SECRETS, namespace: 'shop' },
    { metadata: { name: 'ca' }, data: { a: 'MQ==' } },
  );
  const read = await client.get(secret);
  expect(read['data']).toEqual({ a: 'MQ==' });
  await client.update(secret, { ...read, data: { b: 'Mg==' } });
  const patched = await client.patch(secret, { type: 'merge', body: { data: { c: 'Mw==' } } });
  expect(patched['data']).toEqual({ b: 'Mg==', c: 'Mw==' });
  await client.delete(secret);
  expect(isNotFound(await failure(client.get(secret)))).toBe(true);
});

it('replaces an object only while nobody else has changed it', async () => {
  const created = server.put({ resource: SECRETS }, { metadata: { name: 'ca', namespace: 'shop' } });
  server.put({ resource: SECRETS }, { metadata: { name: 'ca', namespace: 'shop' }, data: {} });
  const error = await failure(client.update(secret, created));
  expect(isConflict(error)).toBe(true);
  expect(isGone(error)).toBe(false);
});

it('sends each patch with its media type', async () => {
  server.fault = () => ({ kind: 'raw', body: '{"metadata":{"name":"ca"}}' });
  await client.patch(secret, { type: 'merge', body: {} });
  await client.patch(secret, { type: 'json', body: [] });
  await client.patch(secret, { type: 'apply', body: {}, fieldManager: 'lanekeeper', force: true });
  expect(server.requests.map(({ headers }) => headers['content-type'])).toEqual([
    'application/merge-patch+json',
    'application/json-patch+json',
    'application/apply-patch+yaml',
  ]);
  expect(server.requests.at(-1)?.query.toString()).toBe('fieldManager=lanekeeper&force=true');
});

it('lists page by page', async () => {
  for (const name of ['a', 'b', 'c'])
    server.put({ resource: PODS }, { metadata: { name, namespace: 'shop' } });
  const first = await client.list({ resource: PODS }, { limit: 2 });
  expect(first.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  const { continueToken } = first;
  const last = await client.list({ resource: PODS }, { limit: 2, continueToken });
  expect(last.items.map(({ metadata }) => metadata.name)).toEqual(['c']);
  expect(last.continueToken).toBe('');
  expect(last.resourceVersion).toBe(first.resourceVersion);
});

it('says which rule a role lacks', async () => {
  server.fault = () => ({
    kind: 'status',
    status: 403,
    reason: 'Forbidden',
    message: 'User "x" cannot list',
  });
  const error = await failure(client.list({ resource: LEASES, namespace: 'a' }));
  expect(error.reason).toBe('Forbidden');
  expect(error.message).toContain(
    'needs the rule {verbs: ["list"], apiGroups: ["coordination.k8s.io"], resources: ["leases"]}',
  );
  expect(error.message).toContain('User "x" cannot list');
});

it('passes on how long the server asks to wait', async () => {
  server.fault = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '3' } });
  const error = await failure(client.get(secret));
  expect([error.status, error.code, error.retryAfterMs]).toEqual([429, 'refused', 3_000]);
});

it('tells an answer that is no JSON, one that is no object and one that never comes from each other', async () => {
  server.fault = () => ({ kind: 'raw', body: '<html>' });
  expect((await failure(client.get(secret))).code).toBe('malformed');
  server.fault = () => ({ kind: 'raw', body: '[]' });
  expect((await failure(client.list({ resource: PODS }))).code).toBe('malformed');
  server.fault = () => ({ kind: 'stall' });
  expect((await failure(client.get(secret, { timeoutMs: 50 }))).code).toBe('timeout');
  server.fault = () => ({ kind: 'reset' });
  expect((await failure(client.get(secret))).code).toBe('unreachable');
});

it('gives up when told to, and when it is closed', async () => {
  server.fault = () => ({ kind: 'stall' });
  const abort = new AbortController();
  const given = failure(client.get(secret, { signal: abort.signal }));
  abort.abort();
  expect((await given).code).toBe('aborted');
  const pending = failure(client.get(secret));
  client.close();
  expect((await pending).code).toBe('aborted');
  expect((await failure(client.get(secret))).code).toBe('aborted');
});

it('reads again over a new connection when the idle one has died', async () => {
  server.put({ resource: SECRETS }, { metadata: { name: 'ca', namespace: 'shop' } });
  await client.get(secret);
  let isFirst = true;
  server.fault = () => {
    const fault = isFirst ? ({ kind: 'reset' } as const) : undefined;
    isFirst = false;
    return fault;
  };
  expect((await client.get(secret)).metadata.name).toBe('ca');
});

it('asks for fresh credentials once when it is not known any more', async () => {
  server.put({ resource: SECRETS }, { metadata: { name: 'ca', namespace: 'shop' } });
  server.fault = ({ headers }) =>
    headers['authorization'] === 'Bearer new' ? undefined : { kind: 'status', status: 401 };
  const asked: boolean[] = [];
  const credentials: Credentials = {
    ...openCredentials(server.url),
    grant(fresh = false) {
      asked.push(fresh);
      return Promise.resolve({ headers: { authorization: `Bearer ${fresh ? 'new' : 'old'}` }, tls: {} });
    },
  };
  const rotating = createApiClient({ credentials, userAgent: 'test' });
  expect((await rotating.get(secret)).metadata.name).toBe('ca');
  expect(asked).toEqual([false, true]);
  rotating.close();
});

it('reads what a token review says', async () => {
  server.fault = ({ body }) => {
    const status = {
      authenticated: true,
      audiences: ['lanekeeper'],
      user: {
        username: 'system:serviceaccount:shop:default',
        extra: { 'authentication.kubernetes.io/pod-name': ['a-1'] },
      },
    };
    return { kind: 'raw', body: JSON.stringify({ ...(body as object), status }) };
  };
  const review = await client.reviewToken('secret', ['lanekeeper']);
  expect(review).toEqual({
    authenticated: true,
    error: '',
    username: 'system:serviceaccount:shop:default',
    audiences: ['lanekeeper'],
    extra: { 'authentication.kubernetes.io/pod-name': ['a-1'] },
  });
  expect(server.requests.at(-1)?.body).toMatchObject({
    spec: { token: 'secret', audiences: ['lanekeeper'] },
  });
});

it('reads a version that a managed cluster has put a plus behind', async () => {
  expect(await client.serverVersion()).toEqual({ major: 1, minor: 34, gitVersion: 'v1.34.4' });
});

it('puts the path of a proxied server before all others', async () => {
  const prefixed = openClient(`${server.url}/k8s/clusters/c1/`);
  await failure(prefixed.get(secret));
  expect(server.requests.at(-1)?.path).toBe('/k8s/clusters/c1/api/v1/namespaces/shop/secrets/ca');
  prefixed.close();
});
