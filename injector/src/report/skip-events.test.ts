import type { EventNote } from '@lanekeeper/kubernetes/event-note';
import { describe, expect, it } from 'vitest';
import { review } from '../admission/review.ts';
import { contextOf, podOf, requestOf, type PodParts } from '../testing/admission.ts';
import { createSkipEvents } from './skip-events.ts';

async function eventsOf(parts: PodParts): Promise<readonly EventNote[]> {
  const notes: EventNote[] = [];
  const record = (note: EventNote): void => void notes.push(note);
  const observe = createSkipEvents({ record });
  const request = requestOf(podOf(parts));
  observe(request, await review(request, contextOf()));
  return notes;
}

const hostNetwork = { spec: { hostNetwork: true } };
const ownedBy = (owner: object): PodParts => ({ ...hostNetwork, metadata: { ownerReferences: [owner] } });

describe('an Event about a pod that could have no sidecar', () => {
  it('is at what made it, for the pod has no UID and perhaps no name yet', async () => {
    const replicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'b-5d9c7b9f4',
      uid: 'rs',
      controller: true,
    };
    expect(await eventsOf(ownedBy(replicaSet))).toEqual([
      {
        regarding: {
          resource: expect.objectContaining({ group: 'apps', version: 'v1', kind: 'ReplicaSet' }),
          name: 'b-5d9c7b9f4',
          namespace: 'shop',
          uid: 'rs',
        },
        type: 'Warning',
        reason: 'NotInjected',
        action: 'Inject',
        note: expect.stringMatching(/^no sidecar, host-network: the pod shares the network/),
      },
    ]);
  });

  it('is at the pod where nothing made it', async () => {
    const [note] = await eventsOf({ ...hostNetwork, metadata: { name: 'bare' } });
    expect(note?.regarding).toMatchObject({ name: 'bare', resource: { kind: 'Pod', group: '' } });
  });

  it.each<readonly [string, PodParts]>([
    ['a pod without owner or name', hostNetwork],
    ['a pod that is injected', { metadata: { name: 'b' } }],
    [
      'a pod that said no',
      { ...hostNetwork, metadata: { name: 'b' }, labels: { 'lanekeeper.io/inject': 'false' } },
    ],
    ['a pod that is refused', { metadata: { name: 'b' }, annotations: { 'lanekeeper.io/capture': 'some' } }],
  ])('is not made for %s', async (_, parts) => {
    expect(await eventsOf(parts)).toEqual([]);
  });
});
