import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../harness/free-port.ts';
import type { Place } from '../harness/http-client.ts';
import { PROTOCOLS, tunnelTo } from '../harness/instances.ts';
import { loopbackAddress, startMesh, type Mesh, type Proxy } from '../harness/pods.ts';

const HTTP1 = PROTOCOLS['HTTP/1.1'];
const PORT = 21_091;

describe('instances that are registered otherwise than by one IPv4 address and port', () => {
  let mesh: Mesh;
  let proxy: Proxy;
  let six: Place;
  let named: Place;
  const [base, gray] = [loopbackAddress(), loopbackAddress()];
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    six = { address: '::1', port: await freePort('::1') };
    named = { address: '127.0.0.1', port: await freePort() };
    const started = [
      await HTTP1.start('Base', { address: base, port: PORT }),
      await HTTP1.start('Gray', { address: gray, port: PORT }),
      await HTTP1.start('Six', six),
      await HTTP1.start('Named', named),
    ];
    ends.push(() => started.forEach((one) => one.kill()));
    const two = { ports: { 8080: PORT, 80: PORT } };
    mesh = await startMesh({
      pods: [{ name: 'Caller', service: 'caller' }],
      config: { lanes: [{ name: 'gray', group: '' }] },
      services: [
        {
          // As the catalog merges a Service of Kubernetes (8080) and a service of Nacos (80).
          ...{ name: 'merged', ports: [{ port: 8080 }, { port: 80 }] },
          endpoints: [
            { address: base, ...two, source: 'kubernetes' },
            { address: gray, ...two, lane: 'gray', source: 'kubernetes' },
          ],
        },
        // The same process under a name of its own, registered by somebody who knows no lanes.
        { name: 'a-second-name', ports: [{ port: 80 }], endpoints: [{ address: gray, ports: { 80: PORT } }] },
        {
          ...{ name: 'six', ports: [{ port: 80 }] },
          endpoints: [
            { address: '::1', ports: { 80: six.port }, lane: 'gray' },
            { address: base, ports: { 80: PORT } },
          ],
        },
        {
          ...{ name: 'named', ports: [{ port: 80 }] },
          endpoints: [
            { address: 'localhost', ports: { 80: named.port }, lane: 'gray' },
            { address: base, ports: { 80: PORT } },
          ],
        },
      ],
    });
    ends.push(() => mesh.close());
    ({ proxy } = mesh.pod('Caller'));
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function askAt(chosen: string, lane?: string, through: Place = proxy.entry): Promise<string> {
    const client = HTTP1.open(through, chosen);
    try {
      return (await client.ask(lane)).name;
    } finally {
      client.close();
    }
  }

  async function askThroughTunnel(chosen: string, lane?: string): Promise<string> {
    const relay = await tunnelTo(proxy.entry, chosen);
    try {
      return await askAt(chosen, lane, relay.at);
    } finally {
      relay.kill();
    }
  }

  const ways = { authority: askAt, CONNECT: askThroughTunnel };

  it.each(['authority', 'CONNECT'] as const)('are steered by IPv6 address, by %s', async (how) => {
    for (const spelling of ['::1', '0:0:0:0:0:0:0:1']) {
      const chosen = `[${spelling}]:${six.port}`;
      expect(await ways[how](chosen, 'gray')).toBe('Six');
      expect(await ways[how](chosen)).toBe('Base');
    }
  });

  it.each(['authority', 'CONNECT'] as const)('are steered by host name, by %s', async (how) => {
    expect(await ways[how](`localhost:${named.port}`, 'gray')).toBe('Named');
    expect(await ways[how](`LocalHost:${named.port}`)).toBe('Base');
  });

  it.each(['authority', 'CONNECT'] as const)('belong to one service of two ports, by %s', async (how) => {
    expect(await ways[how](`${base}:${PORT}`, 'gray')).toBe('Gray');
    expect(await ways[how](`${base}:${PORT}`)).toBe('Base');
  });

  it.each(['authority', 'CONNECT'] as const)('keep their lane under another name, by %s', async (how) => {
    expect(await ways[how](`${gray}:${PORT}`)).toBe('Base');
    expect(await ways[how](`${gray}:${PORT}`, 'gray')).toBe('Gray');
    const [hop] = await proxy.hops('?limit=1');
    expect(hop).toMatchObject({
      service: 'default/merged',
      chosen: { lane: 'gray' },
      endpoint: { lane: 'gray' },
    });
    await expect(askAt('a-second-name')).rejects.toThrow('no-endpoint');
  });
});
