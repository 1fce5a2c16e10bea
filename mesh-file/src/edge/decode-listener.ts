import type { EdgeHost, EdgeListener, EdgePolicy } from '@lanekeeper/protocol/edge';
import { portOf } from '../decode-service.ts';
import { fieldsOf, listOf, type Cursor } from '../decoder.ts';
import { booleanOf, choiceOf, textOf } from '../scalar-decoders.ts';
import { decodeEdgeRule } from './decode-edge-rule.ts';
import type { EdgeMemo } from './edge-memo.ts';
import { numberBetween, optional, required } from './edge-fields.ts';
import { hostPatternOf, LABEL, networksOf } from './edge-text.ts';

const LISTENER_KEYS = ['name', 'port', 'publicPort', 'protocol', 'host', 'certificates', 'policy', 'hosts'];
const PROTOCOLS = ['http', 'https'] as const;
const POLICY_KEYS = [
  ...['trustIncomingTag', 'trustedProxies', 'proxyProtocol'],
  ...['allow', 'deny', 'traceSampleRate'],
];

/** What is wrong is reported, so that whatever stands in for it is never used. */
const CLOSED: EdgePolicy = {
  ...{ trustIncomingTag: false, trustedProxies: [], proxyProtocol: false },
  ...{ allow: [], deny: ['0.0.0.0/0', '::/0'] },
};

export function decodeListener(cursor: Cursor, memo: EdgeMemo): EdgeListener | undefined {
  const fields = fieldsOf(cursor, { keys: LISTENER_KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    name: required(owner, 'name', (at) => textOf(at, LABEL), ''),
    port: required(owner, 'port', portOf, 0),
    publicPort: required(owner, 'publicPort', portOf, 0),
    protocol: required(owner, 'protocol', (at) => choiceOf(at, PROTOCOLS), 'https'),
    host: required(owner, 'host', hostPatternOf, ''),
    certificates: required(owner, 'certificates', (at) => listOf(at, (item) => textOf(item, LABEL)), []),
    policy: required(owner, 'policy', decodePolicy, CLOSED),
    hosts: required(owner, 'hosts', (at) => listOf(at, (item) => memo.take(item, decodeHost)), []),
  };
}

function decodePolicy(cursor: Cursor): EdgePolicy | undefined {
  const fields = fieldsOf(cursor, { keys: POLICY_KEYS });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    trustIncomingTag: required(owner, 'trustIncomingTag', booleanOf, false),
    trustedProxies: required(owner, 'trustedProxies', networksOf, []),
    proxyProtocol: required(owner, 'proxyProtocol', booleanOf, false),
    allow: required(owner, 'allow', networksOf, []),
    deny: required(owner, 'deny', networksOf, []),
    ...optional(owner, 'traceSampleRate', (at) => numberBetween(at, 0, 100)),
  };
}

function decodeHost(cursor: Cursor): EdgeHost | undefined {
  const fields = fieldsOf(cursor, { keys: ['host', 'rules'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    host: required(owner, 'host', hostPatternOf, ''),
    rules: required(owner, 'rules', (at) => listOf(at, decodeEdgeRule), []),
  };
}
