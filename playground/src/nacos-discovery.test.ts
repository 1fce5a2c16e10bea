import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createNacosDiscovery } from './nacos-discovery.ts';

interface FakeNacos {
  readonly address: string;
  readonly asked: string[];
  hosts: readonly { readonly ip: string; readonly port: number }[];
  beatCode: number;
  isDown: boolean;
}

async function fakeNacos(): Promise<FakeNacos> {
  const fake: { -readonly [Key in keyof FakeNacos]: FakeNacos[Key] } = {
    ...{ address: '', asked: [], hosts: [], beatCode: 10_200, isDown: false },
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://nacos');
    fake.asked.push(`${request.method} ${pathname} ${searchParams.get('serviceName')}`);
    if (fake.isDown) response.writeHead(503).end('down');
    else if (pathname.endsWith('/list')) response.end(JSON.stringify({ hosts: fake.hosts }));
    else if (pathname.endsWith('/beat')) response.end(JSON.stringify({ code: fake.beatCode }));
    else response.end('ok');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  fake.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

const SELF = { service: 'a', ip: '127.0.1.1', port: 15_006 };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

test('registers again when the server says that it does not know the instance any more', async () => {
  const nacos = await fakeNacos();
  const metadata = { 'preserved.heart.beat.interval': '5' };
  const discovery = createNacosDiscovery({ ...SELF, server: nacos.address, metadata });
  await discovery.register();
  await until(() => nacos.asked.includes('PUT /nacos/v1/ns/instance/beat DEFAULT_GROUP@@a'));
  expect(nacos.asked.filter((one) => one.startsWith('POST'))).toEqual(['POST /nacos/v1/ns/instance a']);
  nacos.beatCode = 20_404;
  await until(() => nacos.asked.filter((one) => one.startsWith('POST')).length > 1);
  await discovery.deregister();
  expect(nacos.asked).toContain('DELETE /nacos/v1/ns/instance a');
});

test('chooses among all instances, and goes on with the last list when Nacos is away or says that there are none', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const nacos = await fakeNacos();
  const discovery = createNacosDiscovery({ ...SELF, server: nacos.address, metadata: {} });
  await expect(discovery.choose('b')).rejects.toThrow('Nacos knows no instance of b');
  nacos.hosts = [
    { ip: '127.0.2.1', port: 1 },
    { ip: '127.0.2.2', port: 1 },
  ];
  const seen = new Set<string>();
  const chooseOften = async (): Promise<void> => {
    for (let times = 0; times < 50; times += 1) seen.add(await discovery.choose('b').catch(() => 'nobody'));
  };
  const lookAgain = async (): Promise<void> => {
    const before = nacos.asked.length;
    await vi.waitUntil(async () => {
      await vi.advanceTimersByTimeAsync(1_000);
      return nacos.asked.length > before + 1;
    });
  };
  await lookAgain();
  await chooseOften();
  expect(seen).toEqual(new Set(['127.0.2.1:1', '127.0.2.2:1']));
  nacos.hosts = [];
  await lookAgain();
  nacos.isDown = true;
  await lookAgain();
  await chooseOften();
  expect(seen).toEqual(new Set(['127.0.2.1:1', '127.0.2.2:1']));
});
