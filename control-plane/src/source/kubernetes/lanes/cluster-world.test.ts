import { lintWorld } from '@lanekeeper/lint/lint-world';
import { decodeObject } from '@lanekeeper/mesh-file/objects/decode-object';
import { expect, it } from 'vitest';
import { HTTP_PORT, pod, service, TestCluster } from '../convert/cluster.fixture.ts';
import { clusterWorld } from './cluster-world.ts';

const GROUP = {
  ...{ apiVersion: 'lanekeeper.io/v1alpha1', kind: 'LaneGroup', spec: { services: [{ name: 'a' }] } },
  metadata: { name: 'demo', namespace: 'shop' },
};

it('lint sees of a cluster which members offer nothing but TLS', () => {
  const decoded = decodeObject(GROUP);
  if (!('object' in decoded)) throw new Error(JSON.stringify(decoded.problems));
  const tls = { ...HTTP_PORT, name: 'https', port: 443 };
  const codesWith = (...ports: (typeof HTTP_PORT)[]) => {
    const cluster = new TestCluster().put(
      pod('a-1', '10.0.0.1', { labels: { app: 'a' } }),
      service('a', { ports }),
    );
    return lintWorld(clusterWorld([decoded.object], cluster.tables)).map(({ code }) => code);
  };
  expect(codesWith(tls)).toEqual(['LK0112']);
  expect(codesWith(tls, HTTP_PORT)).toEqual([]);
});
