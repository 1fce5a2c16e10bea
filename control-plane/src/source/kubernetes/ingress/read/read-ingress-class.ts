import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { ParametersRef } from '../../edge/parameters.ts';
import type { FieldReader } from '../../read/fields.ts';

/** An IngressClass, as far as it says whose Ingresses are ours and how they are served. */
export interface KubeIngressClass {
  readonly name: string;
  readonly controller: string;
  /** Ingresses without a class are of this one. */
  readonly isDefault: boolean;
  /** Undefined: what holds without any. */
  readonly parameters: ParametersRef | undefined;
}

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';

export function readIngressClass(object: KubeObject, reader: FieldReader): KubeIngressClass {
  const spec = reader.fields(object, 'spec');
  const parameters = reader.fields(spec, 'parameters');
  const kind = reader.text(parameters, 'kind');
  return {
    name: reader.text(object.metadata, 'name'),
    controller: reader.text(spec, 'controller'),
    isDefault: reader.texts(object.metadata, 'annotations')[IS_DEFAULT] === 'true',
    parameters:
      kind === ''
        ? undefined
        : { kind, name: reader.text(parameters, 'name'), namespace: reader.text(parameters, 'namespace') },
  };
}
