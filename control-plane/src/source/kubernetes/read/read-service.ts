import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { KubeService, KubeServicePort } from '../objects.ts';
import type { FieldReader, Fields } from './fields.ts';
import { readMeta } from './read-meta.ts';

export function readService(object: KubeObject, reader: FieldReader): KubeService {
  const spec = reader.fields(object, 'spec');
  const selector = reader.texts(spec, 'selector');
  const loadBalancer = readLoadBalancer(object, reader);
  return {
    meta: readMeta(object, reader),
    type: reader.optionalText(spec, 'type') ?? 'ClusterIP',
    clusterIPs: readClusterIPs(spec, reader),
    // An empty one selects nothing, as none does.
    selector: Object.keys(selector).length === 0 ? undefined : selector,
    publishNotReadyAddresses: reader.flag(spec, 'publishNotReadyAddresses'),
    sessionAffinity: reader.text(spec, 'sessionAffinity') === 'ClientIP' ? 'ClientIP' : 'None',
    ports: reader.intern.value(reader.items(spec, 'ports').flatMap((port) => readPort(port, reader))),
    ...(loadBalancer.length === 0 ? {} : { loadBalancer }),
  };
}

function readLoadBalancer(object: KubeObject, reader: FieldReader): readonly string[] {
  const loadBalancer = reader.fields(reader.fields(object, 'status'), 'loadBalancer');
  return reader
    .items(loadBalancer, 'ingress')
    .map((given) => reader.optionalText(given, 'ip') ?? reader.text(given, 'hostname'))
    .filter((address) => address !== '');
}

/** A headless service has `None`, an ExternalName nothing. */
function readClusterIPs(spec: Fields, reader: FieldReader): readonly string[] {
  const addresses = reader.textItems(spec, 'clusterIPs');
  const found = addresses.length > 0 ? addresses : [reader.text(spec, 'clusterIP')];
  return found.filter((address) => address !== '' && address !== 'None');
}

function readPort(fields: Fields, reader: FieldReader): readonly KubeServicePort[] {
  const port = reader.port(fields, 'port') ?? reader.malformed();
  if (port === undefined) return [];
  const appProtocol = reader.optionalText(fields, 'appProtocol');
  return [
    {
      name: reader.text(fields, 'name'),
      port,
      targetPort: readTarget(fields, reader) ?? port,
      protocol: reader.optionalText(fields, 'protocol') ?? 'TCP',
      ...(appProtocol === undefined ? {} : { appProtocol }),
    },
  ];
}

/** 0 and an empty name mean the port itself, as nothing does. */
function readTarget(fields: Fields, reader: FieldReader): number | string | undefined {
  const target =
    typeof fields['targetPort'] === 'string'
      ? reader.optionalText(fields, 'targetPort')
      : reader.port(fields, 'targetPort');
  return target === 0 || target === '' ? undefined : target;
}
