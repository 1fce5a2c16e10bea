import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { DiscoveryClient } from '@lanekeeper/control-plane/testing/discovery-client';
import { CONTROL_PLANE_VARIABLES } from '@lanekeeper/protocol/variables';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_PLANE_PROGRAM } from '../harness/control-plane-process.ts';
import { send } from '../harness/http-client.ts';
import { runToEnd, startProcess, type RunningProcess } from '../harness/process.ts';

const MESH = JSON.stringify({
  services: [
    {
      name: 'b',
      namespace: 'shop',
      ports: [{ port: 80, protocol: 'http' }],
      endpoints: [{ address: '127.0.0.1', ports: { '80': 9001 } }],
    },
  ],
});

describe('the control plane as a process', () => {
  let folder: string;
  let program: RunningProcess;
  let port: number;
  let statusAt: { readonly address: string; readonly port: number };
  let sidecar: DiscoveryClient;

  const environment = (meshFile: string): Record<string, string> => ({
    [CONTROL_PLANE_VARIABLES.source]: 'file',
    [CONTROL_PLANE_VARIABLES.meshFile]: meshFile,
    [CONTROL_PLANE_VARIABLES.authentication]: 'none',
    [CONTROL_PLANE_VARIABLES.listen]: '127.0.0.1:0',
    [CONTROL_PLANE_VARIABLES.statusListen]: '127.0.0.1:0',
    [CONTROL_PLANE_VARIABLES.drainDelayMs]: '0',
    [CONTROL_PLANE_VARIABLES.drainTimeoutMs]: '5000',
  });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-control-plane-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    const file = join(folder, 'mesh.json');
    writeFileSync(file, MESH);
    program = await startProcess({
      command: process.execPath,
      args: [CONTROL_PLANE_PROGRAM],
      env: environment(file),
      ready: /"event":"ready"/,
    });
    port = Number(/"discovery":"127.0.0.1:([0-9]+)"/.exec(program.output())?.[1]);
    statusAt = {
      address: '127.0.0.1',
      port: Number(/"status":"127.0.0.1:([0-9]+)"/.exec(program.output())?.[1]),
    };
    sidecar = new DiscoveryClient({ port });
    sidecar.hello();
    await sidecar.take();
  });
  afterEach(async () => {
    sidecar.close();
    await program.stop();
  });

  it('publishes the services of its file', async () => {
    sidecar.want('host:b');
    const update = await sidecar.take();
    expect(update.services.map(({ id }) => id)).toEqual(['shop/b']);
  });

  it('tells how it is, without what is in the mesh', async () => {
    expect(await send(statusAt, { path: '/ready' })).toMatchObject({ status: 200 });
    expect(await send(statusAt, { path: '/live' })).toMatchObject({ status: 200 });
    const { text } = await send(statusAt, { path: '/status' });
    expect(JSON.parse(text)).toMatchObject({
      sidecars: 1,
      versions: { '0.1.0': 1 },
      rejected: [],
      problems: [],
    });
    expect(text).not.toContain('9001');
    const metrics = await send(statusAt, { path: '/metrics' });
    expect(metrics.text).toContain('\nlanekeeper_discovery_streams 1\n');
  });

  it('sends its sidecars away and ends with 0 when it is asked to', async () => {
    const code = program.stop();
    expect(await sidecar.status).toMatchObject({
      code: status.OK,
      details: expect.stringContaining('draining'),
    });
    expect(await code).toBe(0);
  });

  it('says all that is wrong with its settings and ends with 64', async () => {
    const missing = join(folder, 'missing.json');
    const env = { ...environment(missing), [CONTROL_PLANE_VARIABLES.listen]: '0.0.0.0:0', NODE_OPTIONS: '' };
    const listening = await runToEnd(process.execPath, [CONTROL_PLANE_PROGRAM], { timeoutMs: 20_000, env });
    expect(listening.code).toBe(64);
    expect(listening.output).toContain('expected a loopback address without authentication');
    const unread = await runToEnd(process.execPath, [CONTROL_PLANE_PROGRAM], {
      timeoutMs: 20_000,
      env: environment(missing),
    });
    expect(unread.code).toBe(64);
    expect(unread.output).toContain(missing);
  });
});
