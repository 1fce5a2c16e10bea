import type { ValueMatch } from '@lanekeeper/protocol/model';
import type { Condition } from './condition.ts';
import { decodePercent } from './percent-decoding.ts';

type NamedMatches = Readonly<Record<string, ValueMatch>>;
type ValueTest = (value: string | undefined) => boolean;

/** Names do not mind case; a repeated field is matched as its joined value. */
export function headerCondition(matches: NamedMatches): Condition | undefined {
  return allOf(matches, (name) => {
    const lowerCase = name.toLowerCase();
    return (head) => head.headers.get(lowerCase);
  });
}

/** Names mind case, values are taken as sent; of several cookies with one name the first counts. */
export function cookieCondition(matches: NamedMatches): Condition | undefined {
  return allOf(matches, (name) => (head) => findCookie(head.headers.get('cookie'), name));
}

/** Names and values are percent-decoded, `+` is a space; of several parameters with one name the first counts. */
export function queryCondition(matches: NamedMatches): Condition | undefined {
  return allOf(matches, (name) => (head) => findParameter(head.path, name));
}

type FieldReader = (head: Parameters<Condition>[0]) => string | undefined;

function allOf(matches: NamedMatches, readerOf: (name: string) => FieldReader): Condition | undefined {
  const tests = Object.entries(matches).map(([name, match]) => ({
    read: readerOf(name),
    test: valueTest(match),
  }));
  if (tests.length === 0) return undefined;
  return (head) => tests.every(({ read, test }) => test(read(head)));
}

/** Every operator but `present: false` needs the field to be there. */
function valueTest(match: ValueMatch): ValueTest {
  if ('exact' in match) return (value) => value === match.exact;
  if ('prefix' in match) return (value) => value?.startsWith(match.prefix) ?? false;
  if ('suffix' in match) return (value) => value?.endsWith(match.suffix) ?? false;
  if ('present' in match) return (value) => (value !== undefined) === match.present;
  if (!('in' in match)) return () => false;
  const wanted: ReadonlySet<string | undefined> = new Set(match.in);
  return (value) => wanted.has(value);
}

function findCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined || !header.includes(name)) return undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

function findParameter(path: string, name: string): string | undefined {
  const question = path.indexOf('?');
  if (question === -1) return undefined;
  for (const pair of path.slice(question + 1).split('&')) {
    const equals = pair.indexOf('=');
    const written = equals === -1 ? pair : pair.slice(0, equals);
    if (decodeForm(written) === name) {
      return equals === -1 ? '' : decodeForm(pair.slice(equals + 1));
    }
  }
  return undefined;
}

function decodeForm(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text);
}
