/** A request's path, read for matching. */
export interface EdgePath {
  /** Without the query; one spelling for what RFC 3986 section 6.2.2 calls equivalent. */
  readonly pathname: string;
  /**
   * How a less strict reader may understand it: with delimiters decoded, parameters of segments dropped, `\` and runs of slashes
   * taken for one slash. The same string where nothing of that is in it.
   */
  readonly loose: string;
  /** With its `?`; empty where there is none. */
  readonly query: string;
}

/** Whatever has more than one spelling or reading. */
const PECULIAR = /[%;\\]|[^\x21-\x7e]|\/\/|(?:^|\/)\.\.?(?:\/|$)/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;
const DELIMITER = /[/\\;:@&=+$,!'()*]/;
const ENCODED = /%([0-9a-f]{2})/gi;
const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;
const ENCODED_NUL = /%00|\0/;

/**
 * Undefined: it has a segment `.` or `..`, however it is written, or a NUL byte. What such a path means depends on who reads it, so
 * no rule can be sure of it.
 */
export function readEdgePath(path: string): EdgePath | undefined {
  const question = path.indexOf('?');
  const raw = question === -1 ? path : path.slice(0, question);
  const query = question === -1 ? '' : path.slice(question);
  if (!PECULIAR.test(raw)) return { pathname: raw, loose: raw, query };
  const pathname = canonicalPath(raw);
  const slashed = decode(pathname, DELIMITER)
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '');
  if (DOT_SEGMENT.test(slashed) || ENCODED_NUL.test(slashed)) return undefined;
  return { pathname, loose: slashed.replace(/\/{2,}/g, '/'), query };
}

/** One spelling: unreserved characters as they are, hexadecimal digits in upper case, all beyond visible ASCII encoded. */
function canonicalPath(raw: string): string {
  return decode(raw.replace(/[^\x21-\x7e]/gu, encodeByte), UNRESERVED);
}

/** A request's bytes are read one for one; what lies above is no byte and was text. */
function encodeByte(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xff) return encodeURIComponent(character.toWellFormed());
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The path of a rule, which is written in text, in the spelling of {@link EdgePath.pathname}. */
export function canonicalRulePath(path: string): string {
  if (!PECULIAR.test(path)) return path;
  return canonicalPath(path.toWellFormed().replace(/[^\x00-\x7f]+/g, encodeURIComponent));
}

function decode(path: string, what: RegExp): string {
  return path.replace(ENCODED, (encoded, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return what.test(character) ? character : encoded.toUpperCase();
  });
}

/** `/a/` and `/a` are prefixes of the same paths; `/` becomes the empty prefix. */
export function trimPrefix(prefix: string): string {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === '/') end -= 1;
  return prefix.slice(0, end);
}
