import { afterEach, describe, expect, it } from 'vitest';
import type { Client } from '@grpc/grpc-js';
import { eventually } from '../harness/eventually.ts';
import { callUnary, grpcClient, startGrpcApp } from '../harness/grpc-app.ts';
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
