import type { ServiceRef } from '@lanekeeper/protocol/model';
import { portOf } from '../decode-service.ts';
import { complain, fieldOr, fieldsOf, listOf, requiredOr, type Cursor } from '../decoder.ts';
import { booleanOf, integerOf, percentOf, textOf } from '../scalar-decoders.ts';
import { NAME, NETWORK } from '../text-rules.ts';
import { LIMITS, refuseMore } from './limits.ts';
import { OBJECT_NAME } from './object-rules.ts';
import type { GatewayConfigSpec } from './object-types.ts';

const MAX_REPLICAS = 100;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

const KEYS = [
  ...['replicas', 'listeners', 'access', 'trustedProxies'],
  ...['trustIncomingTag', 'proxyProtocol', 'tracing'],
];

export const DEFAULT_GATEWAY_CONFIG_SPEC: GatewayConfigSpec = {
  http: { port: HTTP_PORT },
  https: { port: HTTPS_PORT },
  allow: [],
  deny: [],
  trustedProxies: [],
  trustIncomingTag: false,
  proxyProtocol: false,
};

/** `namespace` is the object's own, which secrets without one are of. */
export function decodeGatewayConfigSpec(cursor: Cursor, namespace: string): GatewayConfigSpec | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  const replicas = fieldOr(fields, 'replicas', decodeReplicas, undefined);
  const sampleRate = fieldOr(fields, 'tracing', decodeTracing, undefined);
  return {
    ...(replicas === undefined ? {} : { replicas }),
    ...fieldOr(fields, 'listeners', (at) => decodeListeners(at, namespace), DEFAULT_LISTENERS),
    ...fieldOr(fields, 'access', decodeAccess, { allow: [], deny: [] }),
    trustedProxies: networksOf(fields.get('trustedProxies')),
    trustIncomingTag: fieldOr(fields, 'trustIncomingTag', booleanOf, false),
    proxyProtocol: fieldOr(fields, 'proxyProtocol', booleanOf, false),
    ...(sampleRate === undefined ? {} : { sampleRate }),
  };
}

type Listeners = Pick<GatewayConfigSpec, 'http' | 'https'>;

const DEFAULT_LISTENERS: Listeners = { http: { port: HTTP_PORT }, https: { port: HTTPS_PORT } };

function decodeReplicas(cursor: Cursor): GatewayConfigSpec['replicas'] {
  const fields = fieldsOf(cursor, { keys: ['min', 'max'] });
  if (fields === undefined) return undefined;
  const count = (at: Cursor): number | undefined => integerOf(at, 1, MAX_REPLICAS);
  const min = requiredOr({ cursor, fields }, 'min', count, 1);
  const max = fieldOr(fields, 'max', count, min);
  if (max < min) complain(cursor, `max (${max}) is less than min (${min})`);
  return { min, max };
}

function decodeListeners(cursor: Cursor, namespace: string): Listeners | undefined {
  const fields = fieldsOf(cursor, { keys: ['http', 'https'] });
  if (fields === undefined) return undefined;
  const http = fieldOr(fields, 'http', decodeHttp, undefined);
  const https = fieldOr(fields, 'https', (at) => decodeHttps(at, namespace), undefined);
  if (!fields.has('http') && !fields.has('https')) complain(cursor, 'expected http, https or both');
  if (http !== undefined && http.port === https?.port) {
    complain(cursor, `http and https cannot share port ${http.port}`);
  }
  return { ...(http === undefined ? {} : { http }), ...(https === undefined ? {} : { https }) };
}

function decodeHttp(cursor: Cursor): GatewayConfigSpec['http'] {
  const fields = fieldsOf(cursor, { keys: ['port'] });
  return fields === undefined ? undefined : { port: fieldOr(fields, 'port', portOf, HTTP_PORT) };
}

function decodeHttps(cursor: Cursor, namespace: string): GatewayConfigSpec['https'] {
  const fields = fieldsOf(cursor, { keys: ['port', 'secret'] });
  if (fields === undefined) return undefined;
  const secret = fieldOr(fields, 'secret', (at) => decodeSecretRef(at, namespace), undefined);
  const port = fieldOr(fields, 'port', portOf, HTTPS_PORT);
  return { port, ...(secret === undefined ? {} : { secret }) };
}

function decodeSecretRef(cursor: Cursor, ownNamespace: string): ServiceRef | undefined {
  const fields = fieldsOf(cursor, { keys: ['name', 'namespace'] });
  if (fields === undefined) return undefined;
  const name = requiredOr({ cursor, fields }, 'name', (at) => textOf(at, OBJECT_NAME), undefined);
  const namespace = fieldOr(fields, 'namespace', (at) => textOf(at, NAME), ownNamespace);
  return name === undefined ? undefined : { name, namespace };
}

function decodeAccess(cursor: Cursor): Pick<GatewayConfigSpec, 'allow' | 'deny'> | undefined {
  const fields = fieldsOf(cursor, { keys: ['allow', 'deny'] });
  if (fields === undefined) return undefined;
  return { allow: networksOf(fields.get('allow')), deny: networksOf(fields.get('deny')) };
}

function decodeTracing(cursor: Cursor): number | undefined {
  const fields = fieldsOf(cursor, { keys: ['sampleRate'] });
  if (fields === undefined) return undefined;
  return requiredOr({ cursor, fields }, 'sampleRate', percentOf, undefined);
}

function networksOf(cursor: Cursor | undefined): readonly string[] {
  refuseMore(cursor, LIMITS.networks);
  return listOf(cursor, (item) => textOf(item, NETWORK));
}
