import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { KubeEndpoint, KubeEndpointSlice } from '../objects.ts';
import type { FieldReader, Fields } from './fields.ts';
import { readMeta } from './read-meta.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

/** Undefined: a slice of no service, or of a kind of address that a later Kubernetes has. */
export function readSlice(object: KubeObject, reader: FieldReader): KubeEndpointSlice | undefined {
  const meta = readMeta(object, reader);
  const service = meta.labels[SERVICE_NAME] ?? '';
  const addressType = reader.text(object, 'addressType');
  if (service === '') return undefined;
  if (addressType !== 'IPv4' && addressType !== 'IPv6' && addressType !== 'FQDN') return reader.malformed();
  return {
    meta,
    service,
    addressType,
    ports: reader.intern.value(reader.items(object, 'ports').flatMap((port) => readPort(port, reader))),
    endpoints: reader.items(object, 'endpoints').map((endpoint) => readEndpoint(endpoint, reader)),
  };
}

/** One without a number stands for all ports: there is none to call. */
function readPort(fields: Fields, reader: FieldReader): KubeEndpointSlice['ports'] {
  const port = reader.port(fields, 'port');
  if (port === undefined) return [];
  const [name, protocol] = [reader.text(fields, 'name'), reader.optionalText(fields, 'protocol') ?? 'TCP'];
  return [{ name, port, protocol }];
}

/** Conditions that nobody has set: ready, serving if ready, not terminating (the API's own words). */
function readEndpoint(fields: Fields, reader: FieldReader): KubeEndpoint {
  const conditions = reader.fields(fields, 'conditions');
  const target = reader.fields(fields, 'targetRef');
  const ready = reader.flag(conditions, 'ready', true);
  const [zone, nodeName] = [reader.optionalText(fields, 'zone'), reader.optionalText(fields, 'nodeName')];
  const pod = target['kind'] === 'Pod' ? reader.optionalText(target, 'name') : undefined;
  return {
    addresses: reader.textItems(fields, 'addresses'),
    ready,
    serving: reader.flag(conditions, 'serving', ready),
    terminating: reader.flag(conditions, 'terminating'),
    ...(zone === undefined ? {} : { zone }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(pod === undefined ? {} : { pod }),
  };
}
