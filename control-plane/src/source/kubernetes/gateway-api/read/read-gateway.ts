import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { FieldReader, Fields } from '../../read/fields.ts';
import type { GroupKind, KubeGateway, KubeListener, LabelSelector, ObjectReference } from '../objects.ts';
import { GATEWAY_API_GROUP } from '../resources.ts';
import { readApiObject, readParametersRef, readReference } from './read-api-object.ts';

export function readGateway(object: KubeObject, reader: FieldReader): KubeGateway {
  const spec = reader.fields(object, 'spec');
  const infrastructure = reader.fields(spec, 'infrastructure');
  const tls = reader.fields(spec, 'tls');
  return {
    ...readApiObject(object, reader),
    className: reader.text(spec, 'gatewayClassName'),
    listeners: reader.items(spec, 'listeners').flatMap((fields) => readListener(fields, reader)),
    addresses: reader.items(spec, 'addresses').map((address) => ({
      type: reader.optionalText(address, 'type') ?? 'IPAddress',
      value: reader.text(address, 'value'),
    })),
    infrastructure: {
      labels: reader.texts(infrastructure, 'labels'),
      annotations: reader.texts(infrastructure, 'annotations'),
      parametersRef: readParametersRef(infrastructure, reader),
    },
    tls: { frontend: tls['frontend'] !== undefined, backend: tls['backend'] !== undefined },
  };
}

/** The API server lets nobody write one without a port. */
function readListener(fields: Fields, reader: FieldReader): readonly KubeListener[] {
  const port = reader.port(fields, 'port') ?? reader.malformed();
  if (port === undefined) return [];
  return [
    {
      name: reader.text(fields, 'name'),
      hostname: reader.text(fields, 'hostname').toLowerCase(),
      port,
      protocol: reader.text(fields, 'protocol'),
      tls: readTls(fields, reader),
      allowedRoutes: readAllowedRoutes(reader.fields(fields, 'allowedRoutes'), reader),
    },
  ];
}

function readTls(listener: Fields, reader: FieldReader): KubeListener['tls'] {
  if (listener['tls'] === undefined) return undefined;
  const fields = reader.fields(listener, 'tls');
  return {
    mode: reader.optionalText(fields, 'mode') ?? 'Terminate',
    certificateRefs: reader
      .items(fields, 'certificateRefs')
      .map((ref): ObjectReference => ({ ...readReference(ref, reader), kind: kindOf(ref, reader) })),
  };
}

function kindOf(ref: Fields, reader: FieldReader): string {
  return reader.optionalText(ref, 'kind') ?? 'Secret';
}

function readAllowedRoutes(fields: Fields, reader: FieldReader): KubeListener['allowedRoutes'] {
  const namespaces = reader.fields(fields, 'namespaces');
  const kinds = reader.items(fields, 'kinds').map((kind): GroupKind => ({
    group: reader.optionalText(kind, 'group') ?? GATEWAY_API_GROUP,
    kind: reader.text(kind, 'kind'),
  }));
  return {
    from: reader.optionalText(namespaces, 'from') ?? 'Same',
    selector: readSelector(reader.fields(namespaces, 'selector'), reader),
    kinds: kinds.length === 0 ? undefined : kinds,
  };
}

function readSelector(fields: Fields, reader: FieldReader): LabelSelector {
  return {
    matchLabels: reader.texts(fields, 'matchLabels'),
    matchExpressions: reader.items(fields, 'matchExpressions').map((expression) => ({
      key: reader.text(expression, 'key'),
      operator: reader.text(expression, 'operator'),
      values: reader.textItems(expression, 'values'),
    })),
  };
}
