import type { EdgeCertificate, EdgeConfig } from '@lanekeeper/protocol/edge';
import { complain, entriesOf, fieldsOf, listOf, type Cursor } from '../decoder.ts';
import { decodeListener } from './decode-listener.ts';
import { EdgeMemo } from './edge-memo.ts';
import { required } from './edge-fields.ts';

const CERTIFICATE = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;
const KEY =
  /^\s*-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END (?:EC |RSA )?PRIVATE KEY-----\s*$/;

/**
 * What a gateway serves, as a control plane sends it. Private keys stand in no problem's message. With the same `memo` again, hosts
 * that are as before are the same objects.
 */
export function decodeEdge(cursor: Cursor, memo = new EdgeMemo()): EdgeConfig | undefined {
  memo.begin();
  const fields = fieldsOf(cursor, { keys: ['listeners', 'certificates'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    listeners: required(owner, 'listeners', (at) => listOf(at, (item) => decodeListener(item, memo)), []),
    certificates: required(owner, 'certificates', decodeCertificates, {}),
  };
}

function decodeCertificates(cursor: Cursor): Readonly<Record<string, EdgeCertificate>> {
  const entries = [...(entriesOf(cursor, 'a mapping of id to certificate and key') ?? [])];
  return Object.fromEntries(
    entries.flatMap(([id, at]) => {
      const certificate = decodeCertificate(at);
      return certificate === undefined ? [] : [[id, certificate]];
    }),
  );
}

function decodeCertificate(cursor: Cursor): EdgeCertificate | undefined {
  if (cursor.tree.read(cursor.node).kind !== 'map') {
    // Whatever stands there instead may be the key.
    complain(cursor, 'expected a mapping with certificate and key');
    return undefined;
  }
  const fields = fieldsOf(cursor, { keys: ['certificate', 'key'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  return {
    certificate: required(owner, 'certificate', (at) => pemOf(at, CERTIFICATE, 'a certificate'), ''),
    key: required(owner, 'key', (at) => pemOf(at, KEY, 'an unencrypted private key'), ''),
  };
}

/** Says what was expected, and never what was found. */
function pemOf(cursor: Cursor, shape: RegExp, expected: string): string | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'scalar' && typeof node.value === 'string' && shape.test(node.value)) return node.value;
  complain(cursor, `expected ${expected} as PEM`);
  return undefined;
}
