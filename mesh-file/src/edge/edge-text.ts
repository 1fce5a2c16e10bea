import { isHost } from '@lanekeeper/runtime/socket-address';
import { listOf, mismatch, type Cursor } from '../decoder.ts';
import { textOf, type TextRule } from '../scalar-decoders.ts';
import { HEADER_NAME, HOST_PATTERN, NETWORK } from '../text-rules.ts';

export const LABEL: TextRule = {
  expected: 'a text of 1 to 1,000 characters',
  accepts: (text) => text !== '' && text.length <= 1_000,
};

/** As header names are kept. */
export const LOWER_NAME: TextRule = {
  expected: 'a header name in lower-case letters',
  accepts: (text) => HEADER_NAME.accepts(text) && text === text.toLowerCase(),
};

/** What a field's value may have in it (RFC 9110 section 5.5): nothing that would begin another field. */
export const HEADER_VALUE: TextRule = {
  expected: 'a header value: no control characters, none beyond Latin-1',
  accepts: (text) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text),
};

export const COOKIE_NAME: TextRule = { ...HEADER_NAME, expected: 'the name of a cookie' };

export const COOKIE_PATH: TextRule = {
  expected: 'a path of a cookie: starts with "/", no ";" and no control characters',
  accepts: (text) => /^\/[\x20-\x3a\x3c-\x7e]*$/.test(text),
};

/** What a `Host` may say: `example.com`, `example.com:8080`, `[::1]:80`. */
export const AUTHORITY: TextRule = {
  expected: 'a host, with a port or without',
  accepts(text) {
    const [, host = '', port] = /^(\[[^\]]+\]|[^:]+)(?::([0-9]{1,5}))?$/.exec(text) ?? [];
    const bare = host.startsWith('[') ? host.slice(1, -1) : host;
    return isHost(bare) && (port === undefined || Number(port) <= 65_535);
  },
};

/** Of a request's line: no white space, nothing that ends the line. Empty, for a prefix that is taken away. */
export const TARGET: TextRule = {
  expected: 'a path, or a piece of one, without white space',
  accepts: (text) => /^[\x21-\x7e\u00a1-\uffff]*$/.test(text),
};

/** Of a `location` header: a URI reference, which has no white space. */
export const LOCATION: TextRule = {
  expected: 'a URL or a path, without white space',
  accepts: (text) => /^[\x21-\x7e]+$/.test(text),
};

export function networksOf(cursor: Cursor): readonly string[] {
  return listOf(cursor, (item) => textOf(item, NETWORK));
}

/** Lower-case. */
export function hostPatternOf(cursor: Cursor): string | undefined {
  return textOf(cursor, HOST_PATTERN)?.toLowerCase();
}

/** One of some numbers. */
export function oneOf<T extends number>(cursor: Cursor, values: readonly T[]): T | undefined {
  const node = cursor.tree.read(cursor.node);
  const found = node.kind === 'scalar' ? values.find((value) => value === node.value) : undefined;
  if (found === undefined) mismatch(cursor, `one of ${values.join(', ')}`);
  return found;
}
