import { describe, expect, it } from 'vitest';
import { eventually } from './harness/eventually.ts';
import { container, podOf } from './harness/objects.ts';
import type { Pod } from './harness/pod.ts';
import { sidecarOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

/** What each container asks of the one application in the pod, as its readiness. */
const PROBES = {
  http: { httpGet: { path: '/healthz', port: 8080 } },
  tcp: { tcpSocket: { port: 8081 } },
  grpc: { grpc: { port: 8082 } },
  named: { httpGet: { path: '/healthz', port: 'web' } },
};
const PERIOD = { periodSeconds: 1, failureThreshold: 1 };

describe.each([
  { where: 'in the base', labels: {} },
  { where: 'in a lane', labels: { 'lanekeeper.io/lane': 'gray' } },
])('probes of an injected pod $where', ({ where, labels }) => {
  const space = useSpace(`probes-${where.endsWith('lane') ? 'gray' : 'base'}`);

  space.setUp(async () => {
    const { metadata, spec } = podOf('probed', { args: ['probed'], labels });
    // Containers of a pod share its ports: one is the application, the others only probe it.
    const probing = Object.entries(PROBES).map(([name, probe]) =>
      container(name, {
        args: ['idle'],
        readinessProbe: { ...probe, ...PERIOD },
        ...(name === 'named' && { ports: [{ name: 'web', containerPort: 8080 }] }),
      }),
    );
    const living = container('living', {
      args: ['idle'],
      livenessProbe: { tcpSocket: { port: 8081 }, ...PERIOD },
    });
    await space.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probed', ...metadata },
      spec: { ...spec, containers: [...spec.containers, ...probing, living] },
    });
    await space.ready('probed');
  });

  const pod = (): Promise<Pod> => space.get<Pod>('pod', 'probed');

  async function readiness(): Promise<Record<string, boolean>> {
    const { status } = await pod();
    const own = (status.containerStatuses ?? []).filter(({ name }) => Object.hasOwn(PROBES, name));
    return Object.fromEntries(own.map(({ name, ready }) => [name, ready]));
  }

  async function tell(verb: 'fail' | 'heal', kind: string): Promise<void> {
    const script = `fetch('http://127.0.0.1:9000/${verb}/${kind}', {method: 'POST'})`;
    await space.kubectl('exec', 'probed', '--container=app', '--', 'node', '--eval', script);
  }

  it('pass while the application is well', async () => {
    expect(sidecarOf(await pod())).toBeDefined();
    expect(await readiness()).toEqual({ http: true, tcp: true, grpc: true, named: true });
  });

  it.each([
    { kind: 'http', fails: ['http', 'named'] },
    { kind: 'grpc', fails: ['grpc'] },
    { kind: 'tcp', fails: ['tcp'] },
  ])('fail when the application fails at $kind, and pass when it is well again', async ({ kind, fails }) => {
    await tell('fail', kind);
    await eventually(async () => {
      const now = Object.entries(await readiness()).filter(([, ready]) => !ready);
      expect(now.map(([name]) => name).sort()).toEqual([...fails].sort());
    });
    await tell('heal', kind);
    await eventually(async () => {
      expect(await readiness()).toEqual({ http: true, tcp: true, grpc: true, named: true });
    });
  });

  it('restart a container whose liveness fails', async () => {
    const restarts = async (): Promise<number> =>
      (await pod()).status.containerStatuses?.find(({ name }) => name === 'living')?.restartCount ?? 0;
    const before = await restarts();
    await tell('fail', 'tcp');
    await eventually(async () => expect(await restarts()).toBeGreaterThan(before));
    await tell('heal', 'tcp');
  });
});
