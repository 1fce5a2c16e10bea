import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chainPath, trail } from '../harness/chain-app.ts';
import {
  discoveryVariables,
  startControlPlane,
  type ControlPlaneProcess,
} from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { send } from '../harness/http-client.ts';
import { replaceFile, startMesh, type Mesh, type MeshSpec, type Proxy } from '../harness/pods.ts';
import { startSidecar } from '../harness/sidecar-process.ts';

const SPEC: MeshSpec = {
  gateway: {},
  pods: [
    { name: 'A', service: 'a' },
    { name: 'Agray', service: 'a', lane: 'gray' },
    { name: 'B', service: 'b' },
    { name: 'C', service: 'c' },
    { name: 'Cgray', service: 'c', lane: 'gray' },
    { name: 'Z', service: 'z', sidecar: false },
  ],
  config: {
    groups: [{ name: 'demo', services: ['a', 'b', 'c'] }],
    lanes: [{ name: 'gray', group: 'demo', match: [{ hosts: ['gray.example.com'] }] }],
    gateway: { routes: [{ hosts: ['*'], service: 'a' }] },
  },
};
/** Each application calls the next, and hands no header on. */
const CHAIN = { path: chainPath(['b', 'c']) };

interface Shown {
  readonly mesh: {
    readonly discovery: { readonly connected: boolean; readonly updates: number; readonly refused: object };
  };
}

const discoveryOf = async (proxy: Proxy): Promise<Shown['mesh']['discovery']> =>
  (JSON.parse((await proxy.ask('/config')).text) as Shown).mesh.discovery;

async function servicesOf(proxy: Proxy): Promise<readonly string[]> {
  const { services } = JSON.parse((await proxy.ask('/clusters')).text) as {
    readonly services: readonly { readonly service: string }[];
  };
  return services.map(({ service }) => service);
}

const readiness = async (proxy: Pick<Proxy, 'status'>): Promise<string> => {
  const { status, text } = await send(proxy.status, { path: '/ready' });
  return `${status} ${text}`;
};

describe('a mesh from a control plane', () => {
  const ends: (() => unknown)[] = [];
  let tokenFile: string;
  let port: number;

  beforeEach(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-token-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'a token');
    port = await freePort();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function serve(file: string, more: { readonly address?: string } = {}): Promise<ControlPlaneProcess> {
    const controlPlane = await startControlPlane({ file, port, ...more });
    ends.push(() => controlPlane.stop(2_000));
    return controlPlane;
  }

  /** Every proxy is ready. */
  async function start(spec: MeshSpec = SPEC): Promise<{ mesh: Mesh; controlPlane: ControlPlaneProcess }> {
    let controlPlane: ControlPlaneProcess | undefined;
    const mesh = await startMesh({
      ...spec,
      source: async (file) => {
        controlPlane = await serve(file);
        return discoveryVariables(port, tokenFile);
      },
    });
    ends.push(() => mesh.close());
    const proxies = spec.pods.flatMap(({ name, sidecar }) =>
      sidecar === false ? [] : [mesh.pod(name).proxy],
    );
    for (const proxy of [...proxies, ...(spec.gateway === undefined ? [] : [mesh.gateway])]) {
      await eventually('readiness', async () => (await readiness(proxy)).startsWith('200'));
    }
    if (controlPlane === undefined) throw new Error('the control plane was not started');
    return { mesh, controlPlane };
  }

  it('keeps each request in its lane from the first one on, over services that nobody had asked for', async () => {
    const { mesh } = await start();
    const gray = await mesh.send({ host: 'gray.example.com', ...CHAIN });
    expect(trail(gray)).toBe('Agray B Cgray');
    expect(trail(await mesh.send({ host: 'www.example.com', ...CHAIN }))).toBe('A B C');
    expect(await servicesOf(mesh.pod('A').proxy)).toEqual(['default/a', 'default/b']);
    expect(await servicesOf(mesh.pod('C').proxy)).toEqual(['default/c']);
    expect(await discoveryOf(mesh.pod('A').proxy)).toMatchObject({ connected: true, refused: {} });
    expect(await mesh.pod('A').proxy.metric('lanekeeper_config_connected')).toBe(1);
  });

  it('sends each sidecar what it uses, and nothing when something else changes', async () => {
    const { mesh } = await start();
    await mesh.send({ host: 'www.example.com', ...CHAIN });
    const proxies = [mesh.pod('B').proxy, mesh.pod('C').proxy];
    const before = await Promise.all(proxies.map(discoveryOf));
    const services = mesh.config['services'] as readonly { readonly name: string }[];
    const changed = services.map((one) => (one.name === 'c' ? { ...one, hosts: ['c.example.com'] } : one));
    replaceFile(mesh.file, JSON.stringify({ ...mesh.config, services: changed }));
    await eventually('the change at C', async () => {
      return (await discoveryOf(mesh.pod('C').proxy)).updates > (before[1]?.updates ?? 0);
    });
    const unconcerned = services.map((one) =>
      one.name === 'z' ? { ...one, hosts: ['z.example.com'] } : one,
    );
    replaceFile(mesh.file, JSON.stringify({ ...mesh.config, services: unconcerned }));
    await eventually('the change back at B', async () => {
      return (await discoveryOf(mesh.pod('B').proxy)).updates > (before[0]?.updates ?? 0) + 1;
    });
    expect(await servicesOf(mesh.pod('B').proxy)).toEqual(['default/b', 'default/c']);
  });

  it('goes on without the control plane, and follows it again when it comes back', async () => {
    const { mesh, controlPlane } = await start();
    const a = mesh.pod('A').proxy;
    await mesh.send({ host: 'www.example.com', ...CHAIN });
    await mesh.send({ host: 'gray.example.com', ...CHAIN });
    process.kill(controlPlane.pid, 'SIGKILL');
    await eventually('the loss', async () => !(await discoveryOf(a)).connected);
    expect(trail(await mesh.send({ host: 'gray.example.com', ...CHAIN }))).toBe('Agray B Cgray');
    expect(await readiness(a)).toBe('200 ready\n');
    const lanes = [{ name: 'gray', group: 'demo', match: [{ hosts: ['*'] }] }];
    replaceFile(mesh.file, JSON.stringify({ ...mesh.config, lanes }));
    await serve(mesh.file);
    await eventually('the new rule', async () => {
      return trail(await mesh.send({ host: 'www.example.com', ...CHAIN })) === 'Agray B Cgray';
    });
  });

  it('tells a destination that it could not ask for', async () => {
    const { mesh, controlPlane } = await start();
    const a = mesh.pod('A').proxy;
    process.kill(controlPlane.pid, 'SIGKILL');
    await eventually('the loss', async () => !(await discoveryOf(a)).connected);
    await send(a.entry, { host: 'nobody.invalid', path: '/' });
    const [hop] = await a.hops();
    expect(hop?.why).toContain('the control plane is away and was never asked what nobody.invalid is');
  });

  it('takes another replica when one is gone', async () => {
    const nodeArgs = ['--import', new URL('../harness/two-addresses.ts', import.meta.url).href];
    const { mesh, controlPlane } = await start({ pods: [{ name: 'A', service: 'a', nodeArgs }] });
    const a = mesh.pod('A').proxy;
    await serve(mesh.file, { address: '127.0.0.2' });
    const before = (await discoveryOf(a)).updates;
    process.kill(controlPlane.pid, 'SIGKILL');
    await controlPlane.exited;
    await eventually('the other replica', async () => {
      const { connected, updates } = await discoveryOf(a);
      return connected && updates > before;
    });
  });

  it('a fresh sidecar is not ready, and says why, until the control plane is there', async () => {
    const { mesh, controlPlane } = await start();
    await controlPlane.stop();
    const fresh = await startSidecar({ variables: { app: 'b', ...discoveryVariables(port, tokenFile) } });
    ends.push(() => fresh.stop(2_000));
    const [address = '', statusPort] = fresh.status.split(':');
    const status = { address, port: Number(statusPort) };
    await eventually('the reason', async () => (await readiness({ status })).includes('UNAVAILABLE'));
    expect(await readiness({ status })).toContain(
      `503 not ready: waiting for the control plane localhost:${port}`,
    );
    await serve(mesh.file);
    await eventually('readiness', async () => (await readiness({ status })).startsWith('200'));
  });
});
