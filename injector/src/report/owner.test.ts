import { expect, it } from 'vitest';
import { podOf } from '../testing/admission.ts';
import { ownerOf } from './owner.ts';

const controlledBy = (kind: string, name: string, hash?: string) =>
  podOf({
    ...(hash === undefined ? {} : { labels: { 'pod-template-hash': hash } }),
    metadata: {
      ownerReferences: [
        { kind: 'Other', name: 'o' },
        { apiVersion: 'x/v1', kind, name, controller: true },
      ],
    },
  });

it.each([
  ['ReplicaSet', 'b-new-5d9c', '5d9c', 'kubectl rollout restart deployment/b-new -n shop'],
  ['StatefulSet', 'db', undefined, 'kubectl rollout restart statefulset/db -n shop'],
  ['DaemonSet', 'logs', undefined, 'kubectl rollout restart daemonset/logs -n shop'],
  ['ReplicaSet', 'alone', undefined, 'replicaset/alone in namespace shop must make it anew'],
  ['Job', 'report', undefined, 'job/report in namespace shop must make it anew'],
])('says how a pod of a %s is made anew', (kind, name, hash, advice) => {
  expect(ownerOf(controlledBy(kind, name, hash), 'shop')?.advice).toBe(advice);
});
