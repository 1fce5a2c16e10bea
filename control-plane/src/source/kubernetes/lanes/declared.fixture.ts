import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { KubeDocument, KubeDocumentMeta } from '../read/read-document.ts';

/** An object of the namespace `shop` as a table keeps it. */
export function documentOf(
  { group, version, kind }: Resource,
  name: string,
  spec: unknown,
  given: Partial<KubeDocumentMeta> & { readonly status?: unknown } = {},
): KubeDocument {
  const { status, ...meta } = given;
  return {
    apiVersion: `${group}/${version}`,
    ...{ kind, spec, status },
    metadata: {
      ...{ name, namespace: 'shop', uid: `uid-${name}`, generation: 1 },
      ...{ creationTimestamp: '2026-01-01T00:00:00Z', isTerminating: false, labels: {}, annotations: {} },
      ...meta,
    },
  };
}
