import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceList } from '@lanekeeper/nacos/instance';
import { openConfigClient } from '@lanekeeper/nacos/npm-client/open-config-client';
import { openRegistrar } from '@lanekeeper/nacos/npm-client/open-registrar';
import { openNamingClient } from '@lanekeeper/nacos/open-naming-client';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import { callNacos, logIn } from '@lanekeeper/playground/nacos-server/nacos-api';
import {
  NACOS_USER,
  type NacosServer,
  type NacosTls,
} from '@lanekeeper/playground/nacos-server/nacos-server';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { startNacosControlPlane, type NacosControlPlane } from './harness/nacos-control-plane.ts';
import { startServer } from './server/start-server.ts';

const PASSWORD = 'under-seal-8821';
const GROUP = 'DEFAULT_GROUP';
const SERVICE = { group: GROUP, name: 'sealed' };
const CONFIGURATION = { dataId: 'sealed.yaml', group: GROUP };

describe('a Nacos server that speaks nothing but TLS', () => {
  let folder: string;
  let tls: NacosTls;
  let nacos: NacosServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-nacos-tls-'));
    const { cert, key } = makePair('nacos');
    const [certificateFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    writeFileSync(certificateFile, cert);
    writeFileSync(keyFile, key);
    writeFileSync(join(folder, 'other.crt'), makePair('somebody else').cert);
    writeFileSync(join(folder, 'password'), PASSWORD);
    tls = { certificateFile, keyFile, caFile: certificateFile };
    nacos = await startServer({ tls, auth: { password: PASSWORD } });
  });
  afterAll(async () => {
    await nacos?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const optionsWith = (ca: string | undefined): ServerOptions => ({
    ...{ name: 'sealed', servers: [{ address: nacos.address, port: nacos.httpPort }], contextPath: '/nacos' },
    ...{ grpcPortOffset: nacos.grpcPort - nacos.httpPort, namespace: '', protocol: 'auto' },
    credentials: { username: NACOS_USER, password: () => Promise.resolve(PASSWORD) },
    tls: ca === undefined ? undefined : { ca },
  });

  async function call(path: string, fields: Readonly<Record<string, string | number>>): Promise<void> {
    const place = { ...nacos, tls };
    const accessToken = (await logIn(place, PASSWORD)) ?? '';
    const { status } = await callNacos(place, 'POST', path, { ...fields, accessToken });
    expect(status).toBe(200);
  }

  async function startTrusting(caFile: string | undefined): Promise<NacosControlPlane> {
    const seal = caFile === undefined ? {} : { tls: { caFile: join(folder, caFile) } };
    const registry = { username: NACOS_USER, passwordFile: join(folder, 'password'), ...seal };
    const controlPlane = await startNacosControlPlane({ nacos, registry });
    onTestFinished(controlPlane.close);
    return controlPlane;
  }

  it('is read, written and followed by all three clients', async () => {
    const log = createRecordingLog();
    const options = optionsWith(readFileSync(tls.caFile, 'utf8'));
    const [naming, registrar] = [openNamingClient(options, { log }), openRegistrar(options, { log })];
    const configuration = openConfigClient(options, { log });
    const lists: InstanceList[] = [];
    const contents: (string | undefined)[] = [];
    for (const client of [naming, registrar, configuration]) onTestFinished(() => client.close());
    naming.subscribe(SERVICE, (list) => lists.push(list));
    configuration.follow(CONFIGURATION, (content) => contents.push(content));
    const instance = {
      service: SERVICE,
      ip: '10.0.0.1',
      port: 80,
      cluster: 'DEFAULT',
      weight: 1,
      metadata: {},
    };
    registrar.keep([instance]);
    await eventually('the instance that was registered', () => lists.at(-1)?.instances.length === 1);
    expect(naming.status().protocol).toBe('grpc');
    await call('/cs/configs', { ...CONFIGURATION, content: 'lanes: []' });
    await eventually('the configuration', () => contents.at(-1) === 'lanes: []');
    await registrar.withdraw(instance);
    await eventually('that it has left', () => lists.at(-1)?.instances.length === 0);
  });

  it('makes a control plane ready that trusts its certificate', async () => {
    const controlPlane = await startTrusting('tls.crt');
    await eventually('readiness', async () => (await controlPlane.readiness()).startsWith('200'), 60_000);
    await call('/ns/instance', { serviceName: 'late', ip: '10.0.0.2', port: 80 });
    await eventually(
      'the service that came later',
      async () => / 2$/m.test(await controlPlane.read('/metrics').then(servicesOf)),
      60_000,
    );
  });

  it('is not believed by one that trusts another, or that speaks none: it says what it met, and shows no password', async () => {
    for (const [caFile, expected] of [
      ['other.crt', /cannot speak to .*certificate/],
      [undefined, /HTTP 400/],
    ] as const) {
      const controlPlane = await startTrusting(caFile);
      let readiness = '';
      await eventually('the reason why it is not ready', async () => {
        readiness = await controlPlane.readiness();
        return expected.test(readiness);
      }).finally(() => process.stdout.write(`  ${readiness}\n`));
      expect(readiness).toMatch(/^503 /);
      expect(controlPlane.logs()).not.toContain(PASSWORD);
    }
    expect(await nacos.log()).not.toContain(PASSWORD);
  });
});

/** The line of the gauge. */
function servicesOf(metrics: string): string {
  return metrics.split('\n').find((line) => line.startsWith('lanekeeper_nacos_services{')) ?? '';
}
