import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { FieldReader } from './fields.ts';

/** An object as people write it, for decoders that check it whole; without what is large and nobody's business. */
export interface KubeDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeDocumentMeta;
  readonly spec: unknown;
  readonly status: unknown;
}

export interface KubeDocumentMeta {
  readonly name: string;
  /** Empty: a kind that has none. */
  readonly namespace: string;
  readonly uid: string;
  /** Counted up by the API server when the spec changes; 0 where it does not count. */
  readonly generation: number;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  readonly isTerminating: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Repeats the whole object. */
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A reader of tables: `read: readDocument(LANES)`. Items of a list do not say their kind. */
export function readDocument(resource: Resource): (object: KubeObject, reader: FieldReader) => KubeDocument {
  const { group, version, kind } = resource;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return (object, reader) => ({
    apiVersion,
    kind,
    metadata: readMetadata(object, reader),
    spec: object['spec'],
    status: object['status'],
  });
}

function readMetadata({ metadata }: KubeObject, reader: FieldReader): KubeDocumentMeta {
  const { generation } = metadata;
  return {
    name: reader.text(metadata, 'name'),
    namespace: reader.text(metadata, 'namespace'),
    uid: reader.text(metadata, 'uid'),
    generation: typeof generation === 'number' ? generation : 0,
    creationTimestamp: reader.text(metadata, 'creationTimestamp'),
    isTerminating: reader.optionalText(metadata, 'deletionTimestamp') !== undefined,
    labels: reader.texts(metadata, 'labels'),
    annotations: reader.texts(metadata, 'annotations', (key) => key !== APPLIED),
  };
}
