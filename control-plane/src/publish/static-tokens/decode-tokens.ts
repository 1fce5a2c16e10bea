import { createHash } from 'node:crypto';
import { decodeDocument, type Decoded } from '@lanekeeper/mesh-file/decode-document';
import {
  complain,
  down,
  fieldOr,
  fieldsOf,
  listOf,
  requiredOr,
  type Cursor,
  type Fields,
} from '@lanekeeper/mesh-file/decoder';
import { choiceOf, textOf, type TextRule } from '@lanekeeper/mesh-file/scalar-decoders';
import { isName } from '@lanekeeper/mesh-file/service-name';

/** A token of the file, and which sidecars may show it. */
export interface StaticToken {
  /** How people call it: what is shown instead of the token. */
  readonly name: string;
  /** SHA-256 of the token, in hexadecimal digits: the token itself is not kept. */
  readonly sha256: string;
  readonly namespaces: readonly string[];
  /** Names of pods, `*` at the end stands for anything; undefined: any. */
  readonly pods: readonly string[] | undefined;
  /** Names of applications; undefined: any. */
  readonly apps: readonly string[] | undefined;
  /** Its sidecars may be gateways, which are told private keys. */
  readonly isGateway: boolean;
}

/** Shorter ones can be guessed. */
const MIN_LENGTH = 32;
const KEYS = ['name', 'token', 'sha256', 'namespaces', 'pods', 'apps', 'role'];

const ROLES = ['sidecar', 'gateway'] as const;

const NAME: TextRule = {
  expected: 'a name of letters, digits, "-", "." and "_"',
  accepts: (text) => isName(text) && text.length <= 100,
};
const TOKEN: TextRule = {
  expected: `a token of ${MIN_LENGTH} to 1024 characters without spaces, such as openssl rand -hex 32 makes`,
  accepts: (text) => text.length >= MIN_LENGTH && text.length <= 1024 && /^[\x21-\x7e]+$/.test(text),
};
const SHA256: TextRule = {
  expected: 'the SHA-256 of a token in 64 hexadecimal digits',
  accepts: (text) => /^[0-9a-f]{64}$/i.test(text),
};
const NAMESPACE: TextRule = { expected: 'the name of a namespace', accepts: isName };
const POD: TextRule = {
  expected: 'the name of a pod; "*" may stand at its end for anything',
  accepts: (text) => /^[^*\s]{0,253}\*?$/.test(text),
};
const APP: TextRule = { expected: 'the name of an application', accepts: (text) => text.length <= 253 };

/** Reads a tokens file (docs/without-kubernetes.md). Every mistake has its place, none shows what stands there. Never throws. */
export function decodeTokens(text: string): Decoded<readonly StaticToken[]> {
  return decodeDocument(text, { decode: decodeRoot, secret: { keys: ['tokens', ...KEYS] } });
}

function decodeRoot(cursor: Cursor): readonly StaticToken[] | undefined {
  const fields = fieldsOf(cursor, { keys: ['tokens'] });
  if (fields === undefined) return undefined;
  const tokens = requiredOr({ cursor, fields }, 'tokens', (at) => listOf(at, decodeToken), []);
  checkTwice(fields.get('tokens'), tokens);
  return tokens;
}

function decodeToken(cursor: Cursor): StaticToken | undefined {
  const fields = fieldsOf(cursor, { keys: KEYS });
  if (fields === undefined) return undefined;
  return {
    name: requiredOr({ cursor, fields }, 'name', (at) => textOf(at, NAME), ''),
    sha256: decodeSecret(cursor, fields),
    namespaces: requiredOr({ cursor, fields }, 'namespaces', (at) => namesOf(at, NAMESPACE), []),
    pods: optionalNames(fields.get('pods'), POD),
    apps: optionalNames(fields.get('apps'), APP),
    isGateway: fieldOr(fields, 'role', (at) => choiceOf(at, ROLES), 'sidecar') === 'gateway',
  };
}

function decodeSecret(cursor: Cursor, fields: Fields): string {
  const [token, hash] = [fields.get('token'), fields.get('sha256')];
  if (token === undefined && hash === undefined) complain(cursor, 'token or sha256 is missing');
  if (token !== undefined && hash !== undefined)
    complain(hash, 'token and sha256 exclude each other; keep one');
  if (hash !== undefined) return textOf(hash, SHA256)?.toLowerCase() ?? '';
  const text = token === undefined ? undefined : textOf(token, TOKEN);
  return text === undefined ? '' : sha256Of(text);
}

export function sha256Of(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function namesOf(cursor: Cursor, rule: TextRule): readonly string[] {
  const names = listOf(cursor, (at) => textOf(at, rule));
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'list' && node.items.length === 0)
    complain(cursor, 'expected at least one; an empty list admits nobody');
  return names;
}

function optionalNames(cursor: Cursor | undefined, rule: TextRule): readonly string[] | undefined {
  return cursor === undefined ? undefined : namesOf(cursor, rule);
}

/** One token has one meaning; of one name there may be several, while one takes the place of another. */
function checkTwice(at: Cursor | undefined, tokens: readonly StaticToken[]): void {
  const owners = new Map<string, number>();
  tokens.forEach(({ sha256 }, index) => {
    const first = owners.get(sha256);
    if (sha256 === '') return;
    if (first === undefined) owners.set(sha256, index);
    else if (at !== undefined)
      complain(down(at, index), `has the same token as tokens[${first}]; give each its own`);
  });
}
