import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { FieldReader } from '../../read/fields.ts';
import { readMeta } from '../../read/read-meta.ts';
import type { KubeReferenceGrant } from '../objects.ts';

export function readReferenceGrant(object: KubeObject, reader: FieldReader): KubeReferenceGrant {
  const spec = reader.fields(object, 'spec');
  return {
    meta: readMeta(object, reader),
    from: reader.items(spec, 'from').map((from) => ({
      group: reader.text(from, 'group'),
      kind: reader.text(from, 'kind'),
      namespace: reader.text(from, 'namespace'),
    })),
    to: reader.items(spec, 'to').map((to) => ({
      group: reader.text(to, 'group'),
      kind: reader.text(to, 'kind'),
      name: reader.optionalText(to, 'name'),
    })),
  };
}
