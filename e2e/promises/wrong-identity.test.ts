import { describe, expect, it } from 'vitest';
import type { NodeIdentity } from '@lanekeeper/protocol/discovery';
import { PORTS } from '@lanekeeper/protocol/ports';
import { CONTROL_PLANE, SYSTEM } from './harness/chart.ts';
import type { Discovered } from './apps/actions.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { kubectl } from './harness/kubectl.ts';
import { sidecarOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;

/** Tokens of the pod's own service account: one for the control plane, one for somebody else. */
const VOLUME = {
  name: 'tokens',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'lanekeeper', audience: 'lanekeeper' } },
      { serviceAccountToken: { path: 'other', audience: 'somebody-else' } },
    ],
  },
};

describe('the control plane', () => {
  const space = useSpace('identity');
  let victim: Client;
  let impostor: Client;
  let ca: string;

  space.setUp(async () => {
    victim = await startClient(space, 'victim', { injected: true });
    impostor = await startClient(space, 'impostor', {
      injected: false,
      volumes: [VOLUME],
      volumeMounts: [{ name: 'tokens', mountPath: '/tokens' }],
    });
    const [pod] = await space.pods('app=victim');
    ca = (pod && sidecarOf(pod)?.env?.find(({ name }) => name === 'LANEKEEPER_DISCOVERY_CA')?.value) ?? '';
    expect(ca).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  function discover(token: 'lanekeeper' | 'other' | 'none', pod: string): Promise<Discovered> {
    const node: NodeIdentity = { pod, namespace: space.name, app: pod, lane: '', version: '0.1.0' };
    return impostor.perform('discover', {
      address: `${CONTROL_PLANE}.${SYSTEM}.svc:${PORTS.discovery}`,
      ca,
      tokenFile: token === 'none' ? '/dev/null' : `/tokens/${token}`,
      hello: { kind: 'hello', node, holds: { services: {} } },
    });
  }

  it('serves a pod that is who it says', async () => {
    expect(await discover('lanekeeper', impostor.pod)).toEqual({ kind: 'update' });
  });

  it("refuses a pod that claims another pod's identity, and logs it", async () => {
    expect(await discover('lanekeeper', victim.pod)).toMatchObject({ refused: { code: PERMISSION_DENIED } });
    await eventually(async () => {
      const selector = `--selector=app.kubernetes.io/component=${CONTROL_PLANE.replace('lanekeeper-', '')}`;
      const log = await kubectl(['--namespace', SYSTEM, 'logs', selector, '--tail=500']);
      const lines = log
        .split('\n')
        .filter((line) => line.includes(victim.pod) && line.includes(impostor.pod));
      expect(lines.join('\n')).toMatch(/identity|claim/i);
    });
  });

  it.each(['other', 'none'] as const)('refuses a token that is not for it (%s)', async (token) => {
    expect(await discover(token, impostor.pod)).toMatchObject({ refused: { code: UNAUTHENTICATED } });
  });
});
