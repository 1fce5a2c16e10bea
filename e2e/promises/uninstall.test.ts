import { describe, expect, it } from 'vitest';
import { SYSTEM, uninstallChart } from './harness/chart.ts';
import { startClient } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { objectsBesideDefinitions, ourObjects } from './harness/our-objects.ts';
import { sidecarOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

describe('helm uninstall', () => {
  const space = useSpace('uninstall');

  it('leaves nothing but the definitions of lanes: no webhook configuration, no certificate authority, no role', async () => {
    const before = await ourObjects();
    expect(before).toContainEqual(expect.stringMatching(/^MutatingWebhookConfiguration /));
    expect(before).toContainEqual(`Secret ${SYSTEM}/lanekeeper-ca`);
    await uninstallChart();
    await eventually(async () => expect(await objectsBesideDefinitions()).toEqual([]));
    // With a definition all objects of its kind would go; whoever wants that deletes it.
    expect(await ourObjects()).toContain('CustomResourceDefinition /lanes.lanekeeper.io');
  });

  it('leaves a cluster that takes pods as before', async () => {
    const client = await startClient(space, 'client', { injected: true });
    const [pod] = await space.pods('app=client');
    expect(pod && sidecarOf(pod)).toBeUndefined();
    expect(client.pod).toBe('client');
  });
});
