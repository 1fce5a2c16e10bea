import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { keyOf } from '@lanekeeper/kubernetes/kube-object';
import { listAt, recordAt, textAt, textsAt } from '@lanekeeper/lint/read/json';
import { injectionWish } from '@lanekeeper/protocol/injection-wish';
import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import { isOtherMesh } from '@lanekeeper/protocol/other-meshes';
import { SIDECAR_CONTAINER } from '../../cluster/sidecar-pods.ts';
import { fail, listed, warn } from '../check-result.ts';
import { valueOf, type Facts } from '../facts.ts';
import type { Check } from './check.ts';

export const POD_CHECKS: readonly Check[] = [
  {
    ...{ category: 'injection', id: 'pods-missed', needs: ['pods', 'namespaces'] },
    description: 'no pod has come while the injector did not answer',
    look(facts) {
      const missed = withoutSidecar(facts).filter(({ why }) => why === undefined);
      if (missed.length === 0) return undefined;
      return fail(
        `without a sidecar are ${listed(missed.map(({ pod }) => keyOf(pod)))}`,
        'kubectl rollout restart their workloads; the webhook’s checks say why it did not answer',
      );
    },
  },
  {
    ...{ category: 'injection', id: 'pods-skipped', needs: ['pods', 'namespaces'] },
    description: 'every pod that asks for a sidecar could be given one',
    look(facts) {
      const skipped = withoutSidecar(facts).filter(({ why }) => why !== undefined);
      if (skipped.length === 0) return undefined;
      const told = skipped.map(({ pod, why }) => `${keyOf(pod)}: ${why ?? ''}`);
      return warn(listed(told, 3), 'docs/injection.md says what can be done for each reason');
    },
  },
  {
    ...{ category: 'interception', id: 'other-meshes', needs: ['pods'] },
    description:
      'no other mesh redirects traffic of the same pods (its rules cannot be seen, its containers can)',
    look(facts) {
      const both = livePods(facts).flatMap((pod) => {
        const other = containersOf(pod).find(isOtherMesh);
        return other === undefined || !hasSidecar(pod) ? [] : [`${keyOf(pod)} (${other.name})`];
      });
      if (both.length === 0) return undefined;
      return fail(
        `two meshes are in ${listed(both)}`,
        'opt out of one: lanekeeper.io/inject: "false", or the other mesh’s',
      );
    },
  },
];

interface Bare {
  readonly pod: KubeObject;
  /** What the webhook has written; undefined: it has not seen the pod. */
  readonly why: string | undefined;
}

/** Pods that ask for a sidecar, or whose namespace does, and have none. */
function withoutSidecar(facts: Facts): readonly Bare[] {
  const namespaces = valueOf(facts.namespaces) ?? [];
  const labels = new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  return livePods(facts)
    .filter((pod) => !hasSidecar(pod) && asks(pod, labels.get(pod.metadata.namespace ?? '') ?? {}))
    .map((pod) => ({ pod, why: reasonOf(pod) }));
}

function asks({ metadata }: KubeObject, namespaceLabels: Readonly<Record<string, string>>): boolean {
  const pod = { labels: textsAt(metadata, 'labels'), annotations: textsAt(metadata, 'annotations') };
  return injectionWish({ pod, namespaceLabels }) === 'inject';
}

function reasonOf({ metadata }: KubeObject): string | undefined {
  const text = textsAt(metadata, 'annotations')[ANNOTATIONS.status];
  if (text === undefined) return undefined;
  try {
    const status = recordAt(JSON.parse(text));
    return textAt(status, 'message') ?? textAt(status, 'reason') ?? text;
  } catch {
    return text;
  }
}

/** Those that have ended are nobody’s concern. */
function livePods(facts: Facts): readonly KubeObject[] {
  return (valueOf(facts.pods) ?? []).filter((pod) => {
    const phase = textAt(recordAt(pod, 'status'), 'phase');
    return phase !== 'Succeeded' && phase !== 'Failed';
  });
}

function hasSidecar(pod: KubeObject): boolean {
  return containersOf(pod).some(({ name }) => name === SIDECAR_CONTAINER);
}

function containersOf(pod: KubeObject): readonly { readonly name: string; readonly image: string }[] {
  const spec = recordAt(pod, 'spec');
  return [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')].map((container) => {
    const record = recordAt(container);
    return { name: textAt(record, 'name') ?? '', image: textAt(record, 'image') ?? '' };
  });
}
