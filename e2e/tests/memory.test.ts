import { Agent } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { send } from '../harness/http-client.ts';
import { startMesh, type Mesh, type Proxy } from '../harness/pods.ts';

const REQUESTS = 20_000;
/** After its start the sidecar uses some 13 MiB; half a kilobyte kept of each request would not fit. */
const HEAP_MIB = 24;

let mesh: Mesh | undefined;
afterEach(() => mesh?.close());

/** Each with an id, a path and a tag of its own, so that anything kept by one of them would grow. Returns how many were answered. */
async function load(proxy: Proxy, agent: Agent, count: number): Promise<number> {
  let left = count;
  let answered = 0;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const id = `request-${left}-${Math.random()}`;
      const headers = { 'x-request-id': id, baggage: `lane=gray,unique=${id}` };
      const { status } = await send(proxy.entry, { host: 'b', path: `/${id}`, headers, agent });
      if (status === 200) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return answered;
}

it(`serves ${REQUESTS} requests, all different, in a heap of ${HEAP_MIB} MiB`, async () => {
  mesh = await startMesh({
    pods: [
      {
        name: 'A',
        service: 'a',
        // The process ends where that is not enough, so nothing has to be measured.
        nodeArgs: [`--max-old-space-size=${HEAP_MIB}`],
        variables: { hopCapacity: '500', accessLogSample: '0' },
      },
      { name: 'B', service: 'b', sidecar: false },
    ],
  });
  mesh.pod('B').app.handler = (_request, answer) => answer.end('ok');
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  try {
    expect(await load(mesh.pod('A').proxy, agent, REQUESTS)).toBe(REQUESTS);
  } finally {
    agent.destroy();
  }
}, 60_000);
