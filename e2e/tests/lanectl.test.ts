import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PODS, type Resource } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { servePodPorts } from '@lanekeeper/kubernetes/testing/pod-ports';
import { EXIT } from '@lanekeeper/lanectl/output/exit-code';
import { PORTS } from '@lanekeeper/protocol/ports';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainPath } from '../harness/chain-app.ts';
import { writeKubeconfig } from '../harness/kubeconfig.ts';
import { runLanectl, type RunOptions, type RunResult } from '../harness/lanectl.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

const LANES: Resource = { group: 'lanekeeper.io', version: 'v1alpha1', plural: 'lanes', kind: 'Lane' };
const SHOP = 'shop';

/** b has no gray version, and is of the lane's group all the same. */
const SPEC = {
  gateway: {},
  pods: [
    { name: 'a-base', service: 'a' },
    { name: 'a-gray', service: 'a', lane: 'gray' },
    { name: 'b-base', service: 'b' },
    { name: 'c-base', service: 'c' },
    { name: 'c-gray', service: 'c', lane: 'gray' },
  ],
  config: {
    groups: [{ name: 'demo', services: ['a', 'b', 'c'] }],
    lanes: [{ name: 'gray', group: 'demo', match: [{ headers: { 'x-user': { exact: '7' } } }] }],
    gateway: { routes: [{ hosts: ['*'], service: 'a' }] },
  },
};

interface ShownHop {
  readonly pod: { readonly name: string };
  readonly hop: { readonly direction: string; readonly lane: string; readonly why: string };
}

/** A real API server's part is played by one of ours; sidecars, gateway and lanectl are the bundles. */
describe('lanectl in a cluster', () => {
  let mesh: Mesh;
  let server: ApiServer;
  let kubeconfig: string;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    const pair = makePair('api-server');
    server = new ApiServer({ tls: pair });
    await server.start();
    ends.push(() => server.stop());
    const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-lanectl-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    kubeconfig = writeKubeconfig(folder, server.url, pair.cert);
    mesh = await startMesh(SPEC);
    ends.push(() => mesh.close());
    for (const { name, service, lane } of SPEC.pods)
      putPod(name, { app: service, ...(lane === undefined ? {} : { 'lanekeeper.io/lane': lane }) });
    putPod('edge', { 'app.kubernetes.io/name': 'lanekeeper', 'app.kubernetes.io/component': 'gateway' });
    ends.push(servePodPorts(server, ({ namespace, name, port }) => adminOf(`${namespace}/${name}:${port}`)));
  }, 60_000);

  afterAll(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  function adminOf(asked: string): { readonly address: string; readonly port: number } | undefined {
    if (asked === `${SHOP}/edge:${PORTS.admin}`) return mesh.gateway.admin;
    const known = SPEC.pods.find(({ name }) => asked === `${SHOP}/${name}:${PORTS.admin}`);
    return known === undefined ? undefined : mesh.pod(known.name).proxy.admin;
  }

  function putPod(name: string, labels: Readonly<Record<string, string>>): void {
    const containers = [{ name: 'app' }, { name: 'lanekeeper-sidecar' }];
    server.put(
      { resource: PODS },
      { metadata: { name, namespace: SHOP, labels }, spec: { containers }, status: { phase: 'Running' } },
    );
  }

  function lanectl(args: string, options: RunOptions = {}): Promise<RunResult> {
    return runLanectl(args.split(' '), { ...options, env: { KUBECONFIG: kubeconfig, ...options.env } });
  }

  const traceId = (mark: string): string => Buffer.from(mark.padEnd(16, '.')).toString('hex').slice(0, 32);

  /** A coloured request through the chain, whose trace id follows from the mark. */
  async function sendTraced(mark: string, via: readonly string[] = ['b', 'c']): Promise<string> {
    const id = traceId(mark);
    const path = chainPath(via, { forward: ['traceparent'], form: 'host' });
    const headers = { 'x-user': '7', traceparent: `00-${id}-b7ad6b7169203331-01` };
    await mesh.send({ host: 'www.example.com', path, headers });
    return id;
  }

  it('joins what the sidecars know of one request, in the order of its way, with the reason at each', async () => {
    const id = await sendTraced('joined');
    const run = await lanectl(`trace ${id} -o json`);
    expect(run).toMatchObject({ stderr: '', code: EXIT.fine });
    const chain = JSON.parse(run.stdout) as readonly ShownHop[];
    expect(chain.map(({ pod, hop }) => `${pod.name} ${hop.direction}`)).toEqual([
      'edge gateway',
      'a-gray inbound',
      'a-gray outbound',
      'b-base inbound',
      'b-base outbound',
      'c-gray inbound',
    ]);
    expect(chain.every(({ hop }) => hop.lane === 'gray' && hop.why !== '')).toBe(true);
    const people = (await lanectl(`trace ${id}`)).stdout.split('\n');
    expect(people[1]).toMatch(
      / edge {2,}edge {2,}gray {2,}rule gray#0 .* a-gray \(gray\) +200 +Lane gray by rule/,
    );
    expect(people[3]).toMatch(
      / a-gray +outbound +gray -> base +trace: traceparent .* falls back from gray to base/,
    );
  });

  it('a request that failed on its way is something wrong', async () => {
    const run = await lanectl(`trace ${await sendTraced('failed', ['nowhere'])}`);
    expect(run.code).toBe(EXIT.found);
    expect(run.stdout).toMatch(/a-gray +outbound .* 50\d /);
  });

  it('says which sidecars could not be asked, and shows what the others know', async () => {
    const id = await sendTraced('lost');
    putPod('gone', { app: 'gone' });
    const run = await lanectl(`trace ${id}`);
    server.remove({ resource: PODS }, 'gone', SHOP);
    expect(run.stderr).toBe(
      'not asked: shop/gone: port 15000 of pod shop/gone cannot be asked: there is no such pod (404)\n',
    );
    expect(run.stdout.split('\n')).toHaveLength(8);
  });

  it('a trace that nobody remembers is a failure that says what to do', async () => {
    const run = await lanectl('trace 00000000000000000000000000000001');
    expect(run).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(run.stderr).toMatch(/none of 6 sidecars remembers the trace .*\n {2}next: /);
  });

  it('shows the hops of one pod, which may be called by its workload, narrowed as asked', async () => {
    await sendTraced('hops');
    const all = await lanectl('hops deploy/b -n shop -o json');
    expect(all.code).toBe(EXIT.fine);
    expect(JSON.parse(all.stdout)).toContainEqual(
      expect.objectContaining({ direction: 'inbound', lane: 'gray' }),
    );
    const one = await lanectl('hops shop/b-base --limit 1 --service default/c --lane gray -o json');
    expect(JSON.parse(one.stdout)).toMatchObject([{ direction: 'outbound', service: 'default/c' }]);
    expect((await lanectl('hops b')).stderr).toContain('next: lanectl … -n shop');
  });

  it('explains what a sidecar would do, in a sentence and with what it follows from, and sends nothing', async () => {
    const before = (await mesh.pod('b-base').proxy.hops()).length;
    const run = await lanectl('explain a-gray http://b/x?y=1 -n shop -H x-team:shop');
    expect(run).toMatchObject({ code: EXIT.fine, stderr: '' });
    expect(run.stdout).toMatch(/^Lane gray by workload .* falls back from gray to base/);
    expect(run.stdout).toMatch(/^endpoint +.*pod b-base/m);
    expect((await mesh.pod('b-base').proxy.hops()).length).toBe(before);
    const tagged = await lanectl('explain b-base c -n shop -H baggage:lane=gray');
    expect(tagged.stdout).toMatch(/^Lane gray by baggage /);
    const edge = await lanectl('explain edge www.example.com -n shop -H x-user:7 -o yaml');
    expect(edge.stdout).toMatch(/^decision:\n {2}lane: gray$/m);
  });

  it('a mistake that only the sidecar sees is its sentence', async () => {
    const run = await lanectl('explain a-gray b -n shop --path x');
    expect(run).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(run.stderr).toContain('path begins with /');
  });

  it('shows lanes, and by its exit code that one is not ready', async () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'True', reason: 'Ready' }],
      ...{ acknowledged: '5/5', endpoints: { a: 1, b: 0 } },
    };
    const lane = {
      metadata: { name: 'gray', namespace: SHOP },
      spec: { group: 'demo', priority: 3 },
      status,
    };
    server.put({ resource: LANES }, lane);
    const ready = await lanectl('lanes -A');
    expect(ready).toEqual({
      code: EXIT.fine,
      stderr: '',
      stdout: [
        'NAMESPACE  LANE  GROUP  PRIORITY  READY  ACKNOWLEDGED  ENDPOINTS  WARNINGS\n',
        'shop       gray  demo   3         True   5/5           a 1, b 0   -\n',
      ].join(''),
    });
    server.put({ resource: LANES }, { ...lane, status: { warnings: ['LK0101: x'] } });
    const broken = await lanectl('lanes -n shop -o json');
    expect(broken.code).toBe(EXIT.found);
    expect(JSON.parse(broken.stdout)).toMatchObject([
      { name: 'gray', ready: 'Unknown', warnings: ['LK0101: x'] },
    ]);
    server.remove({ resource: LANES }, 'gray', SHOP);
  });

  it('doctor finds that nothing is installed, and what to do', async () => {
    const run = await lanectl('doctor -o json');
    expect(run.code).toBe(EXIT.found);
    const { results } = JSON.parse(run.stdout) as { readonly results: readonly { readonly id: string }[] };
    expect(results).toContainEqual(expect.objectContaining({ id: 'api-reachable', result: 'ok' }));
    expect(results).toContainEqual(
      expect.objectContaining({
        id: 'control-plane-ready',
        result: 'fail',
        hint: expect.stringContaining('helm'),
      }),
    );
    const some = await lanectl('doctor --category interception');
    expect(some).toMatchObject({
      code: EXIT.fine,
      stdout: expect.stringMatching(/^interception\n {2}ok {4}other-meshes: /),
    });
  });

  it('doctor tells rights that are missing from things that are', async () => {
    server.fault = ({ path }) =>
      path.includes('customresourcedefinitions')
        ? { kind: 'status', status: 403, reason: 'Forbidden', message: 'not for you' }
        : undefined;
    const run = await lanectl('doctor --category crds');
    server.fault = () => undefined;
    expect(run.code).toBe(EXIT.fine);
    expect(run.stdout).toMatch(/skip {2}crds-installed: .*\n +.*not for you/);
  });

  it('no API server is a failure, not a finding', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-lanectl-'));
    const file = writeKubeconfig(folder, 'https://localhost:1', '');
    const run = await lanectl('lanes', { env: { KUBECONFIG: file } });
    rmSync(folder, { recursive: true, force: true });
    expect(run).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(run.stderr).toMatch(/^lanectl: /);
  });
});

describe('lanectl without a cluster', () => {
  const fixture = (name: string): string =>
    readFileSync(new URL(`../../lint/src/testdata/${name}`, import.meta.url), 'utf8');

  it('reads standard input, and its exit code says what it found', async () => {
    const good = await runLanectl(['lint', '--all', '-'], { input: fixture('healthy.yaml') });
    expect(good).toEqual({ code: EXIT.fine, stdout: 'nothing found\n', stderr: '' });
    const bad = await runLanectl(['lint', '-'], { input: fixture('LK0106.yaml') });
    expect(bad.code).toBe(EXIT.found);
    expect(bad.stdout).toMatch(/^LK0106 /);
  });

  it('an unknown command is bad usage', async () => {
    const run = await runLanectl(['frobnicate']);
    expect(run).toMatchObject({ code: EXIT.usage, stdout: '' });
    expect(run.stderr).toContain("unknown command 'frobnicate'");
  });

  it('needs no home and says what it misses', async () => {
    const run = await runLanectl(['lanes']);
    expect(run).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(run.stderr).toContain('next: lanectl --kubeconfig FILE');
  });
});
