import { Agent } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { send } from '../harness/http-client.ts';
import { startMesh, type Mesh, type Proxy } from '../harness/pods.ts';

const WARM_UP = 4_000;
const MEASURED = 20_000;
const MEBIBYTE = 1024 * 1024;

let mesh: Mesh | undefined;
afterEach(() => mesh?.close());

/** The heap once what is garbage is gone: the least of a few looks, each after work that makes the collector run. */
async function settledHeap(proxy: Proxy, agent: Agent): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < 8; look += 1) {
    await load(proxy, agent, 250);
    looks.push(await proxy.metric('nodejs_heap_size_used_bytes'));
  }
  return Math.min(...looks);
}

async function load(proxy: Proxy, agent: Agent, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      // Each with an id and a path of its own, so that anything kept by either would grow.
      const id = `request-${left}-${Math.random()}`;
      const headers = { 'x-request-id': id, baggage: `lane=gray,unique=${id}` };
      await send(proxy.entry, { host: 'b', path: `/${id}`, headers, agent });
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

it('keeps its heap within 4 MiB over 20,000 requests that are all different, once its bounded stores are full', async () => {
  mesh = await startMesh({
    pods: [
      {
        name: 'A',
        service: 'a',
        nodeArgs: ['--max-semi-space-size=1'],
        variables: { hopCapacity: '500', accessLogSample: '0' },
      },
      { name: 'B', service: 'b', sidecar: false },
    ],
  });
  const { proxy } = mesh.pod('A');
  mesh.pod('B').app.handler = (_request, answer) => answer.end('ok');
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  try {
    await load(proxy, agent, WARM_UP);
    const before = await settledHeap(proxy, agent);
    await load(proxy, agent, MEASURED);
    const grown = (await settledHeap(proxy, agent)) - before;
    expect(grown / MEBIBYTE).toBeLessThan(4);
  } finally {
    agent.destroy();
  }
}, 60_000);
