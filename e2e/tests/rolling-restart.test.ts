import { afterEach, describe, expect, it } from 'vitest';
import type { Client } from '@grpc/grpc-js';
import { Agent } from 'node:http';
import { chainPath, trail } from '../harness/chain-app.ts';
import { eventually } from '../harness/eventually.ts';
import { callUnary, grpcClient, startGrpcApp } from '../harness/grpc-app.ts';
import { send } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

describe('a rolling restart under load', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  async function start(...args: Parameters<typeof startMesh>): Promise<Mesh> {
    const mesh = await startMesh(...args);
    ends.push(() => mesh.close());
    return mesh;
  }

  async function startApp(mesh: Mesh, name: string): Promise<void> {
    const server = await startGrpcApp(name, mesh.pod(name).appAt);
    ends.push(() => server.forceShutdown());
  }

  function open(mesh: Mesh, name: string): Client {
    const client = grpcClient(name === 'gateway' ? mesh.gateway.entry : mesh.pod(name).proxy.entry, 'b');
    ends.push(() => client.close());
    return client;
  }

  it('costs gRPC callers nothing: their sidecar goes on to the endpoint that is left', async () => {
    const mesh = await start({
      pods: [
        { name: 'A', service: 'a' },
        { name: 'B1', service: 'b', app: false },
        { name: 'B2', service: 'b', app: false },
      ],
    });
    await startApp(mesh, 'B1');
    await startApp(mesh, 'B2');
    const servers: string[] = [];
    let isOver = false;
    const load = async (client: Client): Promise<void> => {
      while (!isOver) servers.push(await callUnary(client, 'x', undefined));
    };
    const clients = [open(mesh, 'A'), open(mesh, 'A'), open(mesh, 'A')];
    const loads = Promise.all(clients.flatMap((client) => [load(client), load(client)]));
    const { proxy } = mesh.pod('B1');
    await Promise.race([loads, eventually('load', () => servers.length > 200)]);
    process.kill(proxy.process.pid, 'SIGTERM');
    expect(await Promise.race([loads, proxy.process.exited])).toBe(0);
    const before = servers.length;
    await Promise.race([loads, eventually('further load', () => servers.length > before + 50)]);
    isOver = true;
    await loads;
    expect(new Set(servers.slice(0, 200))).toEqual(new Set(['B1: x', 'B2: x']));
    expect(new Set(servers.slice(before))).toEqual(new Set(['B2: x']));
  });

  it('of all pods of a lane at once loses no request either: the second application that takes none is the last asked', async () => {
    const mesh = await start({
      pods: [
        { name: 'A', service: 'a' },
        { name: 'B1', service: 'b', lane: 'gray' },
        { name: 'B2', service: 'b', lane: 'gray' },
        { name: 'B', service: 'b' },
      ],
    });
    for (const name of ['B1', 'B2']) mesh.pod(name).app.server.close();
    const ask = { host: 'b', path: chainPath([]), headers: { baggage: 'lane=gray' } };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send(mesh.pod('A').proxy.entry, { ...ask, method: 'GET' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(trail))).toEqual(new Set(['B']));
  });

  it('of an application loses no HTTP request: its sidecar sends on what comes late, within the lane', async () => {
    const mesh = await start({
      pods: [
        { name: 'A', service: 'a' },
        { name: 'B1', service: 'b', lane: 'gray', variables: { drainDelayMs: '300' } },
        { name: 'B2', service: 'b', lane: 'gray' },
        { name: 'B', service: 'b' },
      ],
    });
    const { entry } = mesh.pod('A').proxy;
    const served: string[] = [];
    const failures: string[] = [];
    let isOver = false;
    const load = async (method: string): Promise<void> => {
      const agent = new Agent({ keepAlive: true });
      ends.push(() => agent.destroy());
      const ask = { ...{ method, host: 'b', path: chainPath([]), headers: { baggage: 'lane=gray' } }, agent };
      while (!isOver) {
        const answer = await send(entry, ask);
        if (answer.status === 200) served.push(trail(answer));
        else failures.push(`${method} ${answer.status} ${answer.text}`);
      }
    };
    const loads = Promise.all(['GET', 'GET', 'GET', 'GET', 'OPTIONS', 'OPTIONS'].map(load));
    const more = (count: number): Promise<unknown> => {
      const from = served.length;
      return Promise.race([loads, eventually('load', () => served.length > from + count, 60_000)]);
    };
    await more(200);
    const { app, proxy } = mesh.pod('B1');
    app.server.close();
    await more(200);
    expect(
      (await proxy.hops()).some(({ why }) => why.includes('Its application accepts no connection')),
    ).toBe(true);
    process.kill(proxy.process.pid, 'SIGTERM');
    await more(200);
    expect(await Promise.race([loads, proxy.process.exited])).toBe(0);
    const after = served.length;
    await more(200);
    isOver = true;
    await loads;
    expect(failures, failures.join()).toEqual([]);
    expect(new Set(served)).toEqual(new Set(['B1', 'B2']));
    expect(new Set(served.slice(after))).toEqual(new Set(['B2']));
  }, 300_000);

  it('of the gateway fails no gRPC call that it took; a new connection is refused, which clients retry', async () => {
    const mesh = await start({
      gateway: {},
      pods: [{ name: 'B', service: 'b', sidecar: false, app: false }],
      config: { gateway: { routes: [{ hosts: ['*'], service: 'b' }] } },
    });
    await startApp(mesh, 'B');
    const client = open(mesh, 'gateway');
    let done = 0;
    const load = async (): Promise<string> => {
      for (;;) {
        const failure = await callUnary(client, 'x', undefined).then(() => undefined, String);
        if (failure !== undefined) return failure;
        done += 1;
      }
    };
    const loads = [load(), load(), load(), load()];
    await eventually('load', () => done > 100);
    process.kill(mesh.gateway.process.pid, 'SIGTERM');
    expect(await mesh.gateway.process.exited).toBe(0);
    for (const failure of await Promise.all(loads)) expect(failure).toContain('ECONNREFUSED');
  });
});
