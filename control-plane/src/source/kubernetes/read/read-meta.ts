import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { KubeMeta, KubeNamespace } from '../objects.ts';
import type { FieldReader } from './fields.ts';

const OUR_ANNOTATIONS = 'lanekeeper.io/';

export function readMeta({ metadata }: KubeObject, reader: FieldReader): KubeMeta {
  return {
    name: reader.text(metadata, 'name'),
    namespace: reader.text(metadata, 'namespace'),
    uid: reader.text(metadata, 'uid'),
    labels: reader.texts(metadata, 'labels'),
    annotations: reader.texts(metadata, 'annotations', (key) => key.startsWith(OUR_ANNOTATIONS)),
  };
}

export function readNamespace(object: KubeObject, reader: FieldReader): KubeNamespace {
  return { meta: readMeta(object, reader) };
}
