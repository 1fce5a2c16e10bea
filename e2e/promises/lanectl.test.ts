import { describe, expect, it } from 'vitest';
import { runLanectl, type RunResult } from '../harness/lanectl.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { CHAIN_DEPLOYMENTS, chainOfLanes, lane, laneGroup } from './harness/lanes.ts';
import { useSpace } from './harness/space.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

interface ShownHop {
  readonly pod: { readonly name: string; readonly app: string };
  readonly hop: { readonly direction: string; readonly lane: string };
}

interface Examined {
  readonly id: string;
  readonly result: string;
}

describe('lanectl, with the rights of whoever has the kubeconfig', () => {
  const space = useSpace('lanectl');
  let client: Client;

  space.setUp(async () => {
    await space.apply(...chainOfLanes(), laneGroup('demo', ['a', 'b', 'c']), lane('gray', 'demo'));
    client = await startClient(space, 'client', { injected: true });
    await space.rolledOut(...CHAIN_DEPLOYMENTS);
    const gray = { url: 'http://a:8080/', headers: { baggage: 'lane=gray' } };
    await eventually(async () => expect((await client.ask(gray)).text).toMatch(/^Agray\[.*Bgray\[.*Cgray\[/));
    const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
    await client.ask({ ...gray, headers: { ...gray.headers, traceparent } });
  });

  function lanectl(...args: readonly string[]): Promise<RunResult> {
    return runLanectl(args, { env: { KUBECONFIG: process.env['KUBECONFIG'] ?? '' } });
  }

  it('traces a request from the client over A and B to C', async () => {
    const run = await lanectl('trace', TRACE, '-n', space.name, '-o', 'json');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const chain = JSON.parse(run.stdout) as readonly ShownHop[];
    expect(chain.map(({ pod, hop }) => `${pod.app || pod.name} ${hop.direction} ${hop.lane}`)).toEqual([
      'client outbound gray',
      ...['a inbound gray', 'a outbound gray', 'b inbound gray', 'b outbound gray', 'c inbound gray'],
    ]);
  });

  it('shows a pod’s hops and explains what its sidecar would do', async () => {
    const hops = await lanectl('hops', 'deploy/b-gray', '-n', space.name, '--lane', 'gray');
    expect(hops).toMatchObject({ code: 0, stderr: '' });
    expect(hops.stdout).toMatch(/b-gray-\S+ +inbound +gray/);
    const explained = await lanectl(
      'explain',
      'client',
      'http://b:8080/x',
      '-n',
      space.name,
      '-H',
      'baggage: lane=gray',
    );
    expect(explained).toMatchObject({ code: 0, stderr: '' });
    expect(explained.stdout).toMatch(/^Lane gray by baggage /);
  });

  it('shows the lane with its endpoints, once it is ready', async () => {
    await eventually(async () => {
      const run = await lanectl('lanes', '-n', space.name, '-o', 'json');
      expect(JSON.parse(run.stdout)).toMatchObject([
        { name: 'gray', group: 'demo', ready: 'True', endpoints: { a: 1, b: 1, c: 1 } },
      ]);
    });
  });

  it('doctor finds nothing that fails', async () => {
    await eventually(async () => {
      const run = await lanectl('doctor', '-n', space.name, '-o', 'json');
      const { results } = JSON.parse(run.stdout) as { readonly results: readonly Examined[] };
      const unwell = results.filter(({ result }) => result === 'fail' || result === 'skip');
      // This chart is installed without a gateway.
      expect(unwell.filter(({ id }) => id !== 'gateway-ready')).toEqual([]);
      expect(run.code).toBe(0);
    });
  });

  it('doctor names a pod that opted into injection and cannot have it', async () => {
    const spec = {
      hostNetwork: true,
      containers: [{ name: 'app', image: 'lanekeeper/none', imagePullPolicy: 'Never' }],
    };
    await space.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'on-the-node' }, spec });
    const run = await lanectl('doctor', '-n', space.name, '--category', 'injection');
    expect(run.stdout).toMatch(
      /warn {2}pods-skipped: .*\n +\S+\/on-the-node: the pod shares the network of its node/,
    );
  });
});
