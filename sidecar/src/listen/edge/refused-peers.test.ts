import { expect, test } from 'vitest';
import { compileRefusedPeers } from './refused-peers.ts';
import { OPEN_POLICY } from './testing/edge-listener.ts';

const policy = (more: Partial<typeof OPEN_POLICY>) => ({ policy: { ...OPEN_POLICY, ...more } });

test('deny is stronger than allow', () => {
  const isRefused = compileRefusedPeers([policy({ allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] })]);
  expect(['10.2.0.1', '10.1.0.1', '192.0.2.1'].map(isRefused)).toEqual([false, true, true]);
});

test('a trusted proxy may connect, for it brings requests of others', () => {
  const isRefused = compileRefusedPeers([policy({ allow: ['192.0.2.0/24'], trustedProxies: ['10.0.0.1'] })]);
  expect(['10.0.0.1', '10.0.0.2'].map(isRefused)).toEqual([false, true]);
});

test('a connection is closed unheard only where every listener of its port would refuse it', () => {
  const strict = policy({ allow: ['10.0.0.0/8'] });
  expect(compileRefusedPeers([strict, policy({})])('192.0.2.1')).toBe(false);
  expect(compileRefusedPeers([strict, policy({ deny: ['192.0.2.1'] })])('192.0.2.1')).toBe(true);
  expect(compileRefusedPeers([])('192.0.2.1')).toBe(false);
});
