import { describe, expect, it } from 'vitest';
import { namesIn } from './harness/chain.ts';
import { eventually } from './harness/eventually.ts';
import { chainApp, container, deployment, service } from './harness/objects.ts';
import { sidecarOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

interface Job {
  readonly status: {
    readonly succeeded?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

describe('a Job with a sidecar', () => {
  const space = useSpace('job');

  space.setUp(async () => {
    const labels = { app: 'shop' };
    await space.apply(
      service('shop', { http: 8080 }),
      deployment('shop', chainApp('base', { labels })),
      deployment('shop-gray', chainApp('gray', { labels: { ...labels, 'lanekeeper.io/lane': 'gray' } })),
    );
    await space.rolledOut('shop', 'shop-gray');
  });

  it('calls in its lane and ends, its sidecar with it', async () => {
    await space.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'report' },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { app: 'report', 'lanekeeper.io/lane': 'gray' } },
          spec: {
            restartPolicy: 'Never',
            containers: [container('app', { args: ['once', 'http://shop:8080/'] })],
          },
        },
      },
    });
    await eventually(async () => {
      const { status } = await space.get<Job>('job', 'report');
      expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Complete', status: 'True' }));
    }, 120);
    const [pod] = await space.pods('app=report');
    expect(pod?.status.phase).toBe('Succeeded');
    expect(pod && sidecarOf(pod)).toBeDefined();
    const said = await space.kubectl('logs', pod?.metadata.name ?? '', '--container=app');
    expect(namesIn({ [said.trim()]: 1 })).toEqual(['gray']);
  });
});
