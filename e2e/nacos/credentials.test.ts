import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callNacos, logIn } from '@lanekeeper/playground/nacos-server/nacos-api';
import { NACOS_USER, type NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { send } from '../harness/http-client.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';
import { startLoginCounter, type LoginCounter } from './harness/login-counter.ts';
import { startNacosControlPlane, type NacosControlPlane } from './harness/nacos-control-plane.ts';
import { startServer } from './server/start-server.ts';

const RIGHT = 'the-right-one-4711';
const WRONG = 'the-wrong-one-0815';
/** Enough for a client that does not pause to be seen. */
const WATCHED_MS = 20_000;
/** In twenty seconds; pauses grow to thirty. */
const MOST_ATTEMPTS = 8;

describe('a Nacos server that asks for a login', () => {
  let folder: string;
  let passwordFile: string;
  let nacos: NacosServer;
  let counter: LoginCounter;
  let controlPlane: NacosControlPlane;
  let sidecar: SidecarProcess | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-password-'));
    passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, WRONG);
    nacos = await startServer({ auth: { password: RIGHT } });
    counter = await startLoginCounter(nacos);
    const { grpcPortOffset } = counter;
    const registry = { grpcPortOffset, username: NACOS_USER, passwordFile };
    controlPlane = await startNacosControlPlane({ nacos: counter, registry });
  });
  afterAll(async () => {
    await sidecar?.stop(2_000);
    await controlPlane?.close();
    counter?.close();
    await nacos?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const expectNoPassword = (text: string): void => {
    expect(text).not.toContain(RIGHT);
    expect(text).not.toContain(WRONG);
  };

  it('that refuses a password: names server and user, never the password, and tries ever more seldom', async () => {
    const { address, httpPort, logins } = counter;
    const complaint = await eventually('the reason why it is not ready', async () => {
      const readiness = await controlPlane.readiness();
      return /user "?nacos/.test(readiness) && readiness;
    });
    process.stdout.write(`  ${complaint}\n`);
    expect(complaint).toMatch(/^503 /);
    expect(complaint).toContain(`${address}:${httpPort}`);
    const began = performance.now();
    await eventually('a while', () => performance.now() - began > WATCHED_MS, WATCHED_MS * 2);
    process.stdout.write(`  ${logins.length} attempts to log in\n`);
    expect(logins.length).toBeGreaterThan(1);
    expect(logins.length).toBeLessThanOrEqual(MOST_ATTEMPTS);
    const said = controlPlane.logs();
    process.stdout.write(`${said}\n`);
    expect(said).toMatch(/user \\?"?nacos/);
    expect(said.split('\n').length).toBeLessThan(40);
    for (const text of [said, await controlPlane.read('/status'), await controlPlane.read('/metrics')]) {
      expectNoPassword(text);
    }
  });

  it('that is told the right password later: is read without a restart, and no log ever shows a password or a token', async () => {
    const accessToken = (await logIn(nacos, RIGHT)) ?? '';
    const instance = { serviceName: 'orders', ip: '127.0.0.1', port: 9, ephemeral: false };
    await callNacos(nacos, 'POST', '/ns/instance', { ...instance, accessToken });
    writeFileSync(passwordFile, `${RIGHT}\n`);
    await eventually('readiness', async () => (await controlPlane.readiness()).startsWith('200'), 60_000);
    const running = await startSidecar({ variables: { ...controlPlane.variables, podAddress: '127.0.0.1' } });
    sidecar = running;
    const [host = '', port = ''] = running.admin.split(':');
    await eventually('the service in /clusters', async () => {
      const [proxy = '', proxyPort = ''] = running.outbound.split(':');
      await send({ address: proxy, port: Number(proxyPort) }, { path: 'http://orders/' });
      const { text } = await send({ address: host, port: Number(port) }, { path: '/clusters' });
      return text.includes('default/orders');
    });
    for (const text of [controlPlane.logs(), running.output(), await controlPlane.read('/status')]) {
      expectNoPassword(text);
      expect(text).not.toContain('accessToken');
    }
  });
});
