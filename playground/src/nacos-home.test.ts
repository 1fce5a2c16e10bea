import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { WORKLOADS } from './layout.ts';
import { openNacosHome } from './nacos-home.ts';
import type { NacosPlace } from './nacos-server/nacos-api.ts';

const PORTS = { gateway: 1, app: 2, outbound: 3, inbound: 4, admin: 5, status: 6 };

/** A server that answers every request with `status`, and the forms that it got. */
async function fakeNacos(status: number): Promise<{ place: NacosPlace; forms: Map<string, string>[] }> {
  const forms: Map<string, string>[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      forms.push(new Map([['path', request.url ?? ''], ...new URLSearchParams(body)]));
      response.writeHead(status).end('said');
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { place: { address: '127.0.0.1', httpPort: (server.address() as AddressInfo).port }, forms };
}

function someFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-home-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('publishes lanes and routes, and lets the applications register what their sidecars listen at', async () => {
  const { place, forms } = await fakeNacos(200);
  const folder = someFolder();
  const home = await openNacosHome({ nacos: place, folder, ports: PORTS });
  const server = `127.0.0.1:${place.httpPort}`;
  expect(forms).toHaveLength(1);
  expect(forms[0]?.get('path')).toBe('/nacos/v1/cs/configs');
  expect(forms[0]?.get('dataId')).toBe('lanekeeper-demo.yaml');
  const rules = parse(forms[0]?.get('content') ?? '');
  expect(Object.keys(rules)).toEqual(['groups', 'lanes', 'gateway']);
  expect(parse(readFileSync(join(folder, 'nacos.yaml'), 'utf8'))).toEqual({
    registries: [{ name: 'demo', servers: [server], configuration: { laneGroups: ['demo'] } }],
  });
  const metadata = WORKLOADS.map((workload) => home.appEnv(workload)['APP_METADATA']);
  const gray = '{"lanekeeper.io/lane":"gray"}';
  expect(metadata).toEqual(['{}', '{}', '{}', gray, gray, gray]);
  expect(home.processes.map(({ name }) => name)).toEqual(['the control plane']);
});

test('says what the server answered where it does not take the configuration', async () => {
  const { place } = await fakeNacos(403);
  const opened = openNacosHome({ nacos: place, folder: someFolder(), ports: PORTS });
  await expect(opened).rejects.toThrow('Nacos did not take the configuration lanekeeper-demo.yaml: 403 said');
});
