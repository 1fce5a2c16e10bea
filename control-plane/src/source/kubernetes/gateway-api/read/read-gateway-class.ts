import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { FieldReader } from '../../read/fields.ts';
import type { KubeGatewayClass } from '../objects.ts';
import { readApiObject, readParametersRef } from './read-api-object.ts';

export function readGatewayClass(object: KubeObject, reader: FieldReader): KubeGatewayClass {
  const spec = reader.fields(object, 'spec');
  return {
    ...readApiObject(object, reader),
    controllerName: reader.text(spec, 'controllerName'),
    parametersRef: readParametersRef(spec, reader),
  };
}
