import { MAX_GATEWAY_INTERESTS, MAX_KEY_LENGTH, maxInterests } from '@lanekeeper/protocol/discovery';
import type { ClientMessage, Hello, InterestKey, NodeIdentity } from '@lanekeeper/protocol/discovery';
import { StreamEnd } from './stream-end.ts';

const MAX_TEXT_LENGTH = 300;
/** Problems of one nack that are kept, and how much of each. */
const MAX_PROBLEMS = 20;
const MAX_PROBLEM_LENGTH = 500;

type Fields = Readonly<Record<string, unknown>>;

/** Reads one message of a sidecar. Throws a {@link StreamEnd} that names the first thing that is not as the contract has it. */
export function decodeClientMessage(bytes: Buffer): ClientMessage {
  const fields = asFields(parse(bytes), 'message');
  switch (fields['kind']) {
    case 'hello':
      return decodeHello(fields);
    case 'interest':
      return { kind: 'interest', add: keys(fields['add'], 'add'), remove: keys(fields['remove'], 'remove') };
    case 'ack':
      return { kind: 'ack', nonce: text(fields['nonce'], 'nonce') };
    case 'nack':
      return { kind: 'nack', nonce: text(fields['nonce'], 'nonce'), problems: problems(fields['problems']) };
    case 'draining':
      return { kind: 'draining' };
    default:
      throw malformed('kind', 'hello, interest, ack, nack or draining');
  }
}

function decodeHello(fields: Fields): Hello {
  const node = decodeNode(asFields(fields['node'], 'node'));
  const holds = asFields(fields['holds'], 'holds');
  const services = Object.entries(asFields(holds['services'], 'holds.services'));
  const most = maxInterests(node);
  if (services.length > most) throw malformed('holds.services', `at most ${most} services`);
  const versions = services.map(([id, version]) => [id, text(version, `holds.services.${id.slice(0, 80)}`)]);
  const mesh = optionalText(holds['mesh'], 'holds.mesh');
  const edge = optionalText(holds['edge'], 'holds.edge');
  return {
    kind: 'hello',
    node,
    holds: {
      services: Object.fromEntries(versions),
      ...(mesh === undefined ? {} : { mesh }),
      ...(edge === undefined ? {} : { edge }),
    },
    ...(fields['draining'] === true ? { draining: true } : {}),
  };
}

function decodeNode(fields: Fields): NodeIdentity {
  const address = optionalText(fields['address'], 'node.address');
  return {
    pod: text(fields['pod'], 'node.pod'),
    namespace: text(fields['namespace'], 'node.namespace'),
    app: text(fields['app'], 'node.app'),
    lane: text(fields['lane'], 'node.lane'),
    version: text(fields['version'], 'node.version'),
    ...roleOf(fields['role']),
    ...(address === undefined ? {} : { address }),
  };
}

function roleOf(role: unknown): Pick<NodeIdentity, 'role'> {
  if (role === undefined) return {};
  if (role !== 'gateway') throw malformed('node.role', 'gateway, or nothing');
  return { role };
}

function keys(value: unknown, path: string): readonly InterestKey[] {
  if (!Array.isArray(value)) throw malformed(path, 'a list of keys');
  // More than all of the old ones away and as many new ones: nobody means that.
  const most = 2 * MAX_GATEWAY_INTERESTS;
  if (value.length > most) throw malformed(path, `at most ${most} keys`);
  return value.map((item: unknown, index) => {
    if (isKey(item)) return item;
    throw malformed(`${path}[${index}]`, 'host:<name> or ip:<address>');
  });
}

/** What follows the prefix comes from requests of applications: whatever it is, it may mean nothing, but it ends no stream. */
function isKey(value: unknown): value is InterestKey {
  if (typeof value !== 'string' || value.length > MAX_KEY_LENGTH) return false;
  return value.startsWith('host:') || value.startsWith('ip:');
}

function problems(value: unknown): readonly { readonly path: string; readonly message: string }[] {
  if (!Array.isArray(value)) throw malformed('problems', 'a list of {path, message}');
  return value.slice(0, MAX_PROBLEMS).map((item: unknown, index) => {
    const { path, message } = asFields(item, `problems[${index}]`);
    if (typeof path !== 'string' || typeof message !== 'string') {
      throw malformed(`problems[${index}]`, '{path, message}');
    }
    return { path: path.slice(0, MAX_PROBLEM_LENGTH), message: message.slice(0, MAX_PROBLEM_LENGTH) };
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // What the parser says would quote the message.
    throw malformed('message', 'one JSON object in UTF-8');
  }
}

function asFields(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw malformed(path, 'an object');
}

function text(value: unknown, path: string): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT_LENGTH) return value;
  throw malformed(path, `text of at most ${MAX_TEXT_LENGTH} characters`);
}

function optionalText(value: unknown, path: string): string | undefined {
  return value === undefined ? undefined : text(value, path);
}

function malformed(path: string, expected: string): StreamEnd {
  return new StreamEnd('malformed_message', `${path}: expected ${expected}`);
}
