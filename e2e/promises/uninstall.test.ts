import { describe, expect, it } from 'vitest';
import { SYSTEM, uninstallChart } from './harness/chart.ts';
import { startClient } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { ourObjects } from './harness/our-objects.ts';
import { sidecarOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

describe('helm uninstall', () => {
  const space = useSpace('uninstall');

  it('leaves nothing: no webhook configuration, no certificate authority, no role, nothing', async () => {
    const before = await ourObjects();
    expect(before).toContainEqual(expect.stringMatching(/^MutatingWebhookConfiguration /));
    expect(before).toContainEqual(`Secret ${SYSTEM}/lanekeeper-ca`);
    await uninstallChart();
    await eventually(async () => expect(await ourObjects()).toEqual([]));
  });

  it('leaves a cluster that takes pods as before', async () => {
    const client = await startClient(space, 'client', { injected: true });
    const [pod] = await space.pods('app=client');
    expect(pod && sidecarOf(pod)).toBeUndefined();
    expect(client.pod).toBe('client');
  });
});
