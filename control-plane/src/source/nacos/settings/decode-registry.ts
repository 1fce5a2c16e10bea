import {
  complain,
  fieldOr,
  fieldsOf,
  listOf,
  mismatch,
  type Cursor,
  type Fields,
} from '@lanekeeper/mesh-file/decoder';
import { choiceOf, integerOf, textOf } from '@lanekeeper/mesh-file/scalar-decoders';
import { parseAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { NacosRegistry, RecoveryPolicy } from '../registry.ts';
import { decodeConfigurationPlace, decodeNamespaces, listOrDefault } from './decode-namespaces.ts';
import * as rules from './text-rules.ts';

/** As Nacos' own clients write it. */
const DEFAULT_PORT = 8_848;
export const DEFAULT_LANE_KEYS = [
  ...['lanekeeper.io/lane', 'traffic.opensergo.io/label', 'alicloud.service.tag'],
  // The agent of MSE: older ones, newer ones.
  ...['__micro.service.env__', 'opensergo.io/canary-*'],
];
export const DEFAULT_ZONE_KEYS = ['topology.kubernetes.io/zone', 'zone'];
/** Java's clients register again within 3 s of their reconnection, beats come every 5 s, and who reconnects pauses up to 5 s. */
export const DEFAULT_RECOVERY: RecoveryPolicy = { holdMs: 30_000, missingShare: 0.5 };

const PROTOCOLS = ['auto', 'grpc', 'http'] as const;
const SHAPE = {
  keys: [
    ...['name', 'servers', 'namespaces', 'clusters', 'username', 'passwordFile', 'tls'],
    ...['laneKeys', 'zoneKeys', 'recovery', 'configuration', 'protocol', 'grpcPortOffset', 'contextPath'],
  ],
  refused: {
    password:
      'a password does not stand in this file; put it into a file of its own and name that: passwordFile',
    credentials: 'expected username and passwordFile',
    namespace: 'expected namespaces: [{id: …}]',
    server: 'expected servers: [host:port]',
  },
};

export function decodeRegistry(cursor: Cursor): NacosRegistry | undefined {
  const fields = fieldsOf(cursor, SHAPE);
  if (fields === undefined) return undefined;
  const servers = decodeServers(cursor, fields);
  const text = (rule: typeof rules.KEY_RULE) => (at: Cursor) => textOf(at, rule);
  const names = (key: string, rule: typeof rules.KEY_RULE, otherwise: readonly string[]) =>
    listOrDefault(fields.get(key), text(rule), otherwise);
  return {
    name: fieldOr(fields, 'name', text(rules.REGISTRY_NAME_RULE), servers[0]?.address ?? ''),
    servers,
    grpcPortOffset: fieldOr(fields, 'grpcPortOffset', (at) => integerOf(at, 1, 64_000), 1_000),
    contextPath: fieldOr(fields, 'contextPath', text(rules.CONTEXT_PATH_RULE), '/nacos'),
    protocol: fieldOr(fields, 'protocol', (at) => choiceOf(at, PROTOCOLS), 'auto'),
    credentials: decodeCredentials(cursor, fields),
    tls: fieldOr(fields, 'tls', decodeTls, undefined),
    namespaces: decodeNamespaces(fields.get('namespaces')),
    clusters: names('clusters', rules.NACOS_NAME_RULE, []),
    laneKeys: names('laneKeys', rules.KEY_RULE, DEFAULT_LANE_KEYS),
    zoneKeys: names('zoneKeys', rules.KEY_RULE, DEFAULT_ZONE_KEYS),
    recovery: fieldOr(fields, 'recovery', decodeRecovery, DEFAULT_RECOVERY),
    configuration: fieldOr(fields, 'configuration', decodeConfigurationPlace, undefined),
  };
}

function decodeServers(cursor: Cursor, fields: Fields): readonly SocketAddress[] {
  const at = fields.get('servers');
  if (at === undefined) complain(cursor, 'servers is missing; expected servers: [host:port]');
  const servers = listOf(at, decodeServer);
  const node = at?.tree.read(at.node);
  if (at !== undefined && node?.kind === 'list' && node.items.length === 0) {
    mismatch(at, 'at least one server, host:port');
  }
  return servers;
}

function decodeServer(cursor: Cursor): SocketAddress | undefined {
  const node = cursor.tree.read(cursor.node);
  const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value : '';
  // What stands there may have a password in it: nothing of it is shown.
  if (text.includes('://') || text.includes('@') || text.includes('/')) {
    complain(cursor, 'expected host:port, without scheme, user and path; see tls, username and contextPath');
    return undefined;
  }
  const address = parseAddress(text) ?? parseAddress(`${text}:${DEFAULT_PORT}`);
  if (address === undefined || address.port === 0) {
    mismatch(cursor, 'host:port or [IPv6]:port');
    return undefined;
  }
  return address;
}

function decodeCredentials(cursor: Cursor, fields: Fields): NacosRegistry['credentials'] {
  const username = fieldOr(fields, 'username', (at) => textOf(at, rules.USER_RULE), undefined);
  const passwordFile = fieldOr(fields, 'passwordFile', (at) => textOf(at, rules.PATH_RULE), undefined);
  if (fields.has('username') !== fields.has('passwordFile')) {
    complain(cursor, 'expected both username and passwordFile, or neither');
  }
  return username === undefined || passwordFile === undefined ? undefined : { username, passwordFile };
}

function decodeTls(cursor: Cursor): NacosRegistry['tls'] {
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'scalar' && typeof node.value === 'boolean') {
    return node.value ? { caFile: undefined } : undefined;
  }
  const fields = fieldsOf(cursor, { keys: ['caFile'] });
  if (fields === undefined) return undefined;
  return { caFile: fieldOr(fields, 'caFile', (at) => textOf(at, rules.PATH_RULE), undefined) };
}

function decodeRecovery(cursor: Cursor): RecoveryPolicy | undefined {
  const fields = fieldsOf(cursor, { keys: ['holdMs', 'missingShare'] });
  if (fields === undefined) return undefined;
  return {
    holdMs: fieldOr(fields, 'holdMs', (at) => integerOf(at, 0, 3_600_000), DEFAULT_RECOVERY.holdMs),
    missingShare: fieldOr(fields, 'missingShare', shareOf, DEFAULT_RECOVERY.missingShare),
  };
}

function shareOf(cursor: Cursor): number | undefined {
  const node = cursor.tree.read(cursor.node);
  const value = node.kind === 'scalar' ? node.value : undefined;
  if (typeof value === 'number' && value > 0 && value <= 1) return value;
  mismatch(cursor, 'a number above 0 and up to 1');
  return undefined;
}
