import { expect, it } from 'vitest';
import { findPod } from './find-pod.ts';
import type { SidecarPod } from './sidecar-pods.ts';

const pod = (namespace: string, name: string, app: string): SidecarPod => ({
  ...{ namespace, name, app, lane: 'base', isGateway: false },
});
const PODS = [
  pod('shop', 'a-7d4b9-x2', 'a'),
  pod('shop', 'a-gray-5c6d-y3', 'a'),
  pod('shop', 'web-0', 'front'),
  pod('other', 'b-1', 'b'),
];

it.each([
  ['a-7d4b9-x2', 'a-7d4b9-x2'],
  ['a-gray', 'a-gray-5c6d-y3'],
  ['deploy/a-gray', 'a-gray-5c6d-y3'],
  ['statefulset/web', 'web-0'],
  ['front', 'web-0'],
  ['other/b', 'b-1'],
])('%s is the pod %s', (wanted, expected) => {
  expect(findPod(PODS, wanted, 'shop').name).toBe(expected);
});

it('one that is not there is a failure that says where to look', () => {
  expect(() => findPod(PODS, 'c', 'shop')).toThrow(/is called c in the namespace shop; there are a-7d4b9-x2/);
  expect(() => findPod(PODS, 'a', 'empty')).toThrow(expect.objectContaining({ next: 'lanectl … -n shop' }));
  expect(() => findPod([], 'a', 'empty')).toThrow(/no pod with a sidecar runs in the namespace empty/);
});
