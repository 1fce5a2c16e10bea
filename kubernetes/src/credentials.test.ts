import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiClient, type ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { Credentials } from './credentials.ts';
import { inClusterCredentials } from './in-cluster.ts';
import { loadCredentials } from './load-credentials.ts';
import { PODS } from './resources.ts';
import { ApiServer } from './testing/api-server.ts';
import type { CertificatePair } from '@lanekeeper/runtime/certificate-files';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';

let pair: CertificatePair;
let other: CertificatePair;
let server: ApiServer;
let folder: string;
const clients: ApiClient[] = [];

beforeAll(() => {
  pair = makePair('api');
  other = makePair('other');
});

beforeEach(async () => {
  server = new ApiServer({ tls: pair });
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-kube-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function clientOf(credentials: Credentials): ApiClient {
  const client = createApiClient({ credentials, userAgent: 'lanekeeper-test/1' });
  clients.push(client);
  return client;
}

/** What the server has been shown. */
async function authorization(client: ApiClient): Promise<unknown> {
  await client.list({ resource: PODS });
  return server.requests.at(-1)?.headers['authorization'];
}

describe('in a pod', () => {
  function mount(token: string, ca = pair.cert): void {
    writeFileSync(join(folder, 'namespace'), 'system\n');
    writeFileSync(join(folder, 'token'), `${token}\n`);
    writeFileSync(join(folder, 'ca.crt'), ca);
  }

  const port = (): string => new URL(server.url).port;

  it('shows the service account’s token to a server that its CA knows', async () => {
    mount('t1');
    const credentials = await inClusterCredentials({ host: 'localhost', port: port(), folder });
    expect(credentials.namespace).toBe('system');
    expect(await authorization(clientOf(credentials))).toBe('Bearer t1');
    expect(server.requests.at(-1)?.headers['user-agent']).toBe('lanekeeper-test/1');
  });

  it('shows it to no other server', async () => {
    mount('t1', other.cert);
    const client = clientOf(await inClusterCredentials({ host: 'localhost', port: port(), folder }));
    const error: unknown = await client.list({ resource: PODS }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(server.requests).toEqual([]);
  });

  it('reads the token again once a minute, and at once when it is refused', async () => {
    mount('t1');
    let now = 0;
    const credentials = await inClusterCredentials({
      host: 'localhost',
      port: port(),
      folder,
      now: () => now,
    });
    const client = clientOf(credentials);
    mount('t2');
    expect(await authorization(client)).toBe('Bearer t1');
    now = 60_000;
    expect(await authorization(client)).toBe('Bearer t2');
    mount('t3');
    server.fault = ({ headers }) =>
      headers['authorization'] === 'Bearer t3' ? undefined : { kind: 'status', status: 401 };
    expect(await authorization(client)).toBe('Bearer t3');
  });

  it('trusts the new CA after a rotation', async () => {
    mount('t1');
    let now = 0;
    const client = clientOf(
      await inClusterCredentials({ host: 'localhost', port: port(), folder, now: () => now }),
    );
    await client.list({ resource: PODS });
    const fixed = new URL(server.url).port;
    await server.stop();
    server = new ApiServer({ tls: other, port: Number(fixed) });
    await server.start();
    mount('t1', `${pair.cert}${other.cert}`);
    now = 60_000;
    expect(await authorization(client)).toBe('Bearer t1');
  });

  it('says what is missing when there is no service account', async () => {
    await expect(loadCredentials({ KUBERNETES_SERVICE_HOST: '127.0.0.1' })).rejects.toMatchObject({
      problems: [{ path: 'KUBERNETES_SERVICE_HOST' }],
    });
  });
});

describe('with a kubeconfig', () => {
  function write(name: string, user: object, context: object = {}): string {
    const file = join(folder, name);
    const cluster = {
      server: server.url,
      'certificate-authority-data': Buffer.from(pair.cert).toString('base64'),
    };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', ...context } }],
      clusters: [{ name: 'k', cluster }],
      users: [{ name: 'u', user }],
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  it('shows the token of the current context', async () => {
    const file = write('config', { token: 'from-file' }, { namespace: 'shop' });
    const credentials = await loadCredentials({ KUBECONFIG: file });
    expect(credentials.namespace).toBe('shop');
    expect(await authorization(clientOf(credentials))).toBe('Bearer from-file');
  });

  it('is read again when what it said is refused', async () => {
    const client = clientOf(await loadCredentials({ KUBECONFIG: write('config', { token: 'old' }) }));
    expect(await authorization(client)).toBe('Bearer old');
    write('config', { token: 'new' });
    expect(await authorization(client)).toBe('Bearer old');
    server.fault = ({ headers }) =>
      headers['authorization'] === 'Bearer new' ? undefined : { kind: 'status', status: 401 };
    expect(await authorization(client)).toBe('Bearer new');
    expect(await authorization(client)).toBe('Bearer new');
  });

  it('is found in the home folder', async () => {
    mkdirSync(join(folder, '.kube'));
    write('.kube/config', { token: 'from-home' });
    expect(await authorization(clientOf(await loadCredentials({ HOME: folder })))).toBe('Bearer from-home');
  });

  it('runs a credential plugin', async () => {
    const script = join(folder, 'plugin.mjs');
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    writeFileSync(script, `console.log(${JSON.stringify(JSON.stringify(credential))})`);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [script] };
    const credentials = await loadCredentials({ KUBECONFIG: write('config', { exec }) });
    expect(await authorization(clientOf(credentials))).toBe('Bearer from-plugin');
  });

  it('takes the current context of the first of several files', async () => {
    const first = write('first', { token: 'first' });
    const second = join(folder, 'second');
    writeFileSync(
      second,
      JSON.stringify({ 'current-context': 'other', contexts: [], clusters: [], users: [] }),
    );
    const credentials = await loadCredentials({ KUBECONFIG: `${first}:${second}` });
    expect(await authorization(clientOf(credentials))).toBe('Bearer first');
  });

  it('says which file is wrong', async () => {
    const file = join(folder, 'missing');
    await expect(loadCredentials({ KUBECONFIG: file })).rejects.toMatchObject({
      problems: [{ path: 'KUBECONFIG', message: expect.stringContaining(file) as string }],
    });
    writeFileSync(file, '{}');
    await expect(loadCredentials({ KUBECONFIG: file })).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining('current-context') as string }],
    });
  });
});

it('says what it needs where nothing says where the API server is', async () => {
  await expect(loadCredentials({})).rejects.toMatchObject({ problems: [{ path: 'KUBECONFIG' }] });
});
