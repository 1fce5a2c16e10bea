import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { FieldReader, Fields } from '../../read/fields.ts';
import { readMeta } from '../../read/read-meta.ts';
import type { ApiObject, ObjectReference } from '../objects.ts';

export function readApiObject(object: KubeObject, reader: FieldReader): ApiObject {
  return {
    meta: {
      ...readMeta(object, reader),
      generation: reader.integer(object.metadata, 'generation') ?? 0,
      createdAt: reader.text(object.metadata, 'creationTimestamp'),
    },
    status: object['status'],
  };
}

export function readReference(fields: Fields, reader: FieldReader): ObjectReference {
  return {
    group: reader.text(fields, 'group'),
    kind: reader.text(fields, 'kind'),
    namespace: reader.optionalText(fields, 'namespace'),
    name: reader.text(fields, 'name'),
  };
}

export function readParametersRef(from: Fields, reader: FieldReader): ObjectReference | undefined {
  const fields = reader.fields(from, 'parametersRef');
  return Object.keys(fields).length === 0 ? undefined : readReference(fields, reader);
}
