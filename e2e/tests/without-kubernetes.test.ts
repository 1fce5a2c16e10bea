import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chainPath, trail } from '../harness/chain-app.ts';
import { startControlPlane, type ControlPlaneProcess } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { send, type Place } from '../harness/http-client.ts';
import { replaceFile, startMesh, type Mesh, type MeshSpec } from '../harness/pods.ts';
import { startSidecar, type SidecarOptions, type SidecarProcess } from '../harness/sidecar-process.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

const SPEC: MeshSpec = {
  pods: [
    { name: 'A', service: 'a' },
    { name: 'B', service: 'b' },
    { name: 'Bgray', service: 'b', lane: 'gray' },
    { name: 'C', service: 'c' },
    { name: 'Cgray', service: 'c', lane: 'gray' },
  ],
  config: {
    groups: [{ name: 'demo', services: ['a', 'b', 'c'] }],
    lanes: [
      { name: 'gray', group: 'demo', entries: ['a'], match: [{ headers: { 'x-user': { exact: 'me' } } }] },
    ],
  },
};

/** The commands of the guide, as they stand there. */
function certificateCommands(): string {
  const guide = readFileSync(join(DOCS, 'without-kubernetes.md'), 'utf8');
  const blocks = [...guide.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block);
  const found = blocks.find((block) => block.startsWith('./make-certificate.sh'));
  if (found === undefined)
    throw new Error('docs/without-kubernetes.md has no block of ./make-certificate.sh');
  return found;
}

function run(folder: string, commands: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', commands], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${commands}\nended with ${status}\n${stderr}`);
  return stdout;
}

describe('a mesh without Kubernetes, made as the guide says', () => {
  const ends: (() => unknown)[] = [];
  let folder: string;
  let controlPlane: ControlPlaneProcess;
  let mesh: Mesh;

  const at = (name: string): string => join(folder, name);

  /** What `sidecar.env` says, for a control plane on this machine. */
  const discovery = (port: number): NonNullable<SidecarOptions['variables']> => ({
    discoveryAddress: `localhost:${port}`,
    discoveryCaFile: at('ca.crt'),
    discoveryTokenFile: at('shop.token'),
    drainDelayMs: '0',
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-without-kubernetes-'));
    cpSync(join(DOCS, 'without-kubernetes'), folder, { recursive: true });
    run(folder, certificateCommands());
    const port = await freePort();
    mesh = await startMesh({
      ...SPEC,
      source: async (file) => {
        controlPlane = await startControlPlane({
          ...{ file, port },
          variables: {
            authentication: 'static',
            tokensFile: at('control-plane/tokens.yaml'),
            certificateFile: at('control-plane/tls.crt'),
            keyFile: at('control-plane/tls.key'),
          },
        });
        return discovery(port);
      },
    });
    for (const { name } of SPEC.pods) {
      await eventually('readiness', async () =>
        (await readiness(mesh.pod(name).proxy.status)).startsWith('200'),
      );
    }
  });
  afterAll(async () => {
    await mesh.close();
    await controlPlane.stop(2_000);
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function readiness(status: Place): Promise<string> {
    const { status: code, text } = await send(status, { path: '/ready' });
    return `${code} ${text}`;
  }

  async function sidecar(
    variables: SidecarOptions['variables'],
  ): Promise<SidecarProcess & { readonly at: Place }> {
    const process = await startSidecar({
      variables: { ...discovery(controlPlane.port), app: 'b', ...variables },
    });
    ends.push(() => process.stop(2_000));
    const [address = '', port] = process.status.split(':');
    return { ...process, at: { address, port: Number(port) } };
  }

  it('keeps each request in its lane, with applications that know a proxy only', async () => {
    const path = chainPath(['b', 'c']);
    const to = mesh.pod('A').proxy.inbound;
    expect(trail(await send(to, { host: 'a', path, headers: { 'x-user': 'me' } }))).toBe('A Bgray Cgray');
    expect(trail(await send(to, { host: 'a', path }))).toBe('A B C');
    const { text } = await send(controlPlane.status, { path: '/status' });
    expect(JSON.parse(text)).toMatchObject({ sidecars: 5, inStep: 5, problems: [], objects: [] });
  });

  it('tells a sidecar with another token nothing', async () => {
    writeFileSync(at('other.token'), 'f'.repeat(64));
    const stranger = await sidecar({ discoveryTokenFile: at('other.token') });
    await eventually('the refusal', async () => (await readiness(stranger.at)).includes('UNAUTHENTICATED'));
    expect(await readiness(stranger.at)).toContain('503');
    expect(stranger.output() + controlPlane.output()).not.toContain('f'.repeat(64));
  });

  it('tells a sidecar that says it is of another namespace nothing', async () => {
    const stranger = await sidecar({ namespace: 'bank' });
    await eventually('the refusal', async () =>
      (await readiness(stranger.at)).includes('token shop is for namespace default, the hello says bank'),
    );
    expect(controlPlane.output()).toContain('identity_mismatch');
    const token = readFileSync(at('shop.token'), 'utf8').trim();
    expect(controlPlane.output() + stranger.output()).not.toContain(token);
  });

  it('exchanges a token while it runs', async () => {
    const connected = async (): Promise<unknown> => {
      const { text } = await mesh.pod('A').proxy.ask('/config');
      return (JSON.parse(text) as { mesh: { discovery: { connected: boolean } } }).mesh.discovery.connected;
    };
    const file = at('control-plane/tokens.yaml');
    const old = readFileSync(file, 'utf8');
    replaceFile(file, `tokens:\n${run(folder, './make-token.sh fresh default')}`);
    await eventually('the end of the old token', async () => !(await connected()));
    replaceFile(at('shop.token'), readFileSync(at('fresh.token'), 'utf8'));
    await eventually('the fresh token', async () => Boolean(await connected()), 20_000);
    replaceFile(file, 'tokens: [{}]');
    await eventually('the complaint', async () =>
      (await send(controlPlane.status, { path: '/status' })).text.includes(
        'tokens[0] (1:10): name is missing',
      ),
    );
    expect(await connected()).toBe(true);
    replaceFile(file, `${old}${run(folder, './make-token.sh shop default')}`);
  });
});
