import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { trail } from '../harness/chain-app.ts';
import { eventually } from '../harness/eventually.ts';
import { send } from '../harness/http-client.ts';
import { loopbackAddress, replaceFile, startMesh, type Mesh, type Proxy } from '../harness/pods.ts';
import { runToEnd } from '../harness/process.ts';
import { SIDECAR_PROGRAM } from '../harness/sidecar-process.ts';

const SPEC = {
  gateway: {},
  pods: [
    { name: 'B', service: 'b', sidecar: false },
    { name: 'Bgray', service: 'b', lane: 'gray', sidecar: false },
  ],
  config: {
    groups: [{ name: 'demo', services: ['b'] }],
    lanes: [{ name: 'gray', group: 'demo', match: [{ hosts: ['gray.example.com'] }] }],
    gateway: { routes: [{ hosts: ['*'], service: 'b' }] },
  },
};

interface ShownConfig {
  readonly mesh: {
    readonly generation: string;
    readonly rejected: { readonly problems: readonly { path: string; message: string }[] } | null;
  };
}

const shown = async (proxy: Proxy): Promise<ShownConfig['mesh']> =>
  (JSON.parse((await proxy.ask('/config')).text) as ShownConfig).mesh;

describe('the configuration file, while the proxy runs', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    close = () => mesh.close();
  }, 60_000);
  afterAll(() => close());
  afterEach(() => mesh.rewrite({ ...mesh.config, settings: { traceHeaders: [`x-${Math.random()}`] } }));

  it('changes lanes under load without failing a request, and each answer is of the old file or of the new one', async () => {
    const names = new Set<string>();
    const failures: unknown[] = [];
    let isOver = false;
    let sent = 0;
    const load = async (): Promise<void> => {
      while (!isOver) {
        sent += 1;
        const answer = await mesh.send({ host: 'www.example.com' }).catch((error: unknown) => error as Error);
        if (answer instanceof Error || answer.status !== 200) failures.push(answer);
        else names.add(trail(answer));
      }
    };
    const loads = [load(), load(), load(), load()];
    const coloured = [{ name: 'gray', group: 'demo', match: [{ hosts: ['*'] }] }];
    try {
      for (const lanes of [coloured, SPEC.config.lanes, coloured]) {
        const before = sent;
        await mesh.rewrite({ ...mesh.config, lanes });
        await eventually('some requests since', () => sent > before + 20);
      }
      expect(trail(await mesh.send({ host: 'www.example.com' }))).toBe('Bgray');
    } finally {
      isOver = true;
      await Promise.all(loads);
    }
    expect(failures).toEqual([]);
    expect([...names].sort()).toEqual(['B', 'Bgray']);
  });

  it('keeps the last good file when a bad one comes, tells all that is wrong, and recovers', async () => {
    const { gateway } = mesh;
    const good = (await shown(gateway)).generation;
    const rejectedBefore = await gateway.metric('lanekeeper_config_rejected_total');
    const bad = `services:\n- name: b\n  port: 80a\nlanes:\n- name: gray\n  group: nobody\nsurplus: 1\n`;
    replaceFile(mesh.file, bad);
    const rejected = await eventually('the refusal', async () => (await shown(gateway)).rejected);
    expect(rejected.problems.map((problem) => problem.path.replace(/ .*/, ''))).toEqual(
      expect.arrayContaining(['services[0].port', 'lanes[0].group', 'surplus']),
    );
    expect((await shown(gateway)).generation).toBe(good);
    expect(await gateway.metric('lanekeeper_config_rejected_total')).toBe(rejectedBefore + 1);
    expect(trail(await mesh.send({ host: 'gray.example.com' }))).toBe('Bgray');
    await mesh.rewrite({ ...mesh.config, settings: { explainHeader: true } });
    expect((await shown(gateway)).rejected).toBeNull();
  });
});

describe('mistakes at the start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-mistakes-'));
  const address = loopbackAddress();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  type Variables = Partial<Record<keyof typeof VARIABLES, string>>;
  const listeners = {
    outboundListen: `${address}:21001`,
    inboundListen: `${address}:21006`,
    adminListen: `${address}:21002`,
    statusListen: `${address}:21020`,
  };

  /** Runs the program until it ends by itself. */
  function run(variables: Variables, more: Readonly<Record<string, string>> = {}) {
    const entries = Object.entries({ ...listeners, ...variables });
    const env = Object.fromEntries(
      entries.map(([name, value]) => [VARIABLES[name as keyof typeof VARIABLES], value]),
    );
    return runToEnd(process.execPath, [SIDECAR_PROGRAM], { timeoutMs: 15_000, env: { ...env, ...more } });
  }

  it('tells every mistake of the environment at once, with what was expected, and exits with 64', async () => {
    const { code, output } = await run(
      {
        lane: 'Not A Lane',
        maxConnections: '-1',
        idleTimeoutMs: '5s',
        adminListen: '0.0.0.0:21002',
        role: 'router',
      },
      { LANEKEEPER_LANES: 'gray', OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://user:secret@collector' },
    );
    expect(code).toBe(64);
    const named = ['LANE', 'MAX_CONNECTIONS', 'IDLE_TIMEOUT_MS', 'ADMIN_LISTEN', 'ROLE', 'LANES'];
    for (const name of named) expect(output).toMatch(new RegExp(`^  LANEKEEPER_${name}\\s+\\S.*`, 'm'));
    expect(output).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    expect(output).not.toContain('secret');
    expect(output).not.toContain('listening');
  });

  it('tells every mistake of the file at once, where it stands, and exits with 64 before anything listens', async () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(
      file,
      'services:\n- name: b\n  port: 80a\n- name: b\n  port: 80\nlanes:\n- {name: gray, group: x}\n',
    );
    const { code, output } = await run({ configFile: file });
    expect(code).toBe(64);
    expect(output).toMatch(/services\[0\]\.port \(3:\d+\)\s+expected/);
    expect(output).toMatch(/services\[1\]/);
    expect(output).toMatch(/lanes\[0\]\.group \(7:\d+\)\s+no group x/);
    expect(output).not.toContain('"event":"listening"');
  });

  it('exits with 64 and names the file when it is not there', async () => {
    const file = join(folder, 'nowhere.yaml');
    const { code, output } = await run({ configFile: file });
    expect([code, output.includes(file)]).toEqual([64, true]);
  });

  it('exits with 1 and names the setting and the address when a port is taken; nothing else is left listening', async () => {
    const taken = createServer().listen(21006, address);
    await once(taken, 'listening');
    try {
      const { code, output } = await run({});
      expect(code).toBe(1);
      expect(output).toContain(
        `LANEKEEPER_INBOUND_LISTEN: cannot listen on ${address}:21006: the address is in use`,
      );
      await expect(send({ address, port: 21001 })).rejects.toThrow('ECONNREFUSED');
    } finally {
      taken.close();
    }
  });

  it('leaves nothing behind that listens after any of these', async () => {
    for (const at of Object.values(listeners)) {
      const socket = connect(Number(at.split(':')[1]), address);
      await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED');
    }
  });
});
