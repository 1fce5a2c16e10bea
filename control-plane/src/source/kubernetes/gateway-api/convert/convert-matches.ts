import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { EdgeMatch } from '@lanekeeper/protocol/edge';
import type { PathMatch, ValueMatch } from '@lanekeeper/protocol/model';
import { weightsOf } from '../../edge/sort-rules.ts';
import type { GrpcMatch, HttpMatch, NamedMatch } from '../objects.ts';

export interface ConvertedMatch {
  readonly match: EdgeMatch;
  /** For the order among rules. */
  readonly weights: readonly number[];
}

/** Sentences about what of it cannot be matched. */
export type Unmatchable = { readonly problems: readonly string[] };

const EVERY_PATH: HttpMatch = {
  path: { type: 'PathPrefix', value: '/' },
  method: undefined,
  headers: [],
  query: [],
};

export function convertHttpMatches(matches: readonly HttpMatch[]): readonly (ConvertedMatch | Unmatchable)[] {
  return (matches.length === 0 ? [EVERY_PATH] : matches).map(convertHttpMatch);
}

function convertHttpMatch({ path, method, headers, query }: HttpMatch): ConvertedMatch | Unmatchable {
  const problems: string[] = [];
  const match: EdgeMatch = {
    ...optional('path', httpPath(path, problems)),
    ...optional('method', method),
    ...optional('headers', namedMatches(headers, { what: 'header', isCaseless: true }, problems)),
    ...optional('query', namedMatches(query, { what: 'query parameter', isCaseless: false }, problems)),
  };
  return problems.length === 0 ? { match, weights: weightsOf(match) } : { problems };
}

function httpPath({ type, value }: HttpMatch['path'], problems: string[]): PathMatch | undefined {
  switch (type) {
    case 'Exact':
      return { exact: value };
    case 'PathPrefix':
      // Whole elements are meant, so that a slash at the end says nothing.
      return { prefix: value.replace(/\/+$/, '') || '/' };
    case 'RegularExpression':
      checkRegex(value, 'path', problems);
      return { regex: value };
    default:
      problems.push(`path: the type ${JSON.stringify(type)} is not known`);
      return undefined;
  }
}

const ANY_ELEMENT = '[^/]+';
/** What else comes is no call. */
const GRPC_CONTENT: ValueMatch = { prefix: 'application/grpc' };

export function convertGrpcMatches(matches: readonly GrpcMatch[]): readonly (ConvertedMatch | Unmatchable)[] {
  return (matches.length === 0 ? [{ method: undefined, headers: [] }] : matches).map(convertGrpcMatch);
}

function convertGrpcMatch({ method, headers }: GrpcMatch): ConvertedMatch | Unmatchable {
  const problems: string[] = [];
  const wanted = namedMatches(headers, { what: 'header', isCaseless: true }, problems) ?? {};
  const path = method === undefined ? undefined : grpcPath(method, problems);
  const match = {
    ...optional('path', path),
    headers: { 'content-type': GRPC_CONTENT, ...wanted },
  };
  if (problems.length > 0) return { problems };
  const { service = '', method: name = '' } = method ?? {};
  return { match, weights: [service.length, name.length, Object.keys(wanted).length] };
}

function grpcPath(
  { type, service, method }: NonNullable<GrpcMatch['method']>,
  problems: string[],
): PathMatch | undefined {
  if (service === '' && method === '') return undefined;
  if (type === 'Exact') {
    if (service === '') return { regex: `/${ANY_ELEMENT}/${quote(method)}` };
    return method === '' ? { prefix: `/${service}` } : { exact: `/${service}/${method}` };
  }
  if (type !== 'RegularExpression') {
    problems.push(`method: the type ${JSON.stringify(type)} is not known`);
    return undefined;
  }
  const element = (pattern: string): string => (pattern === '' ? ANY_ELEMENT : `(?:${pattern})`);
  for (const pattern of [service, method]) checkRegex(pattern, 'method', problems);
  const regex = `/${element(service)}/${element(method)}`;
  if (problems.length === 0) checkRegex(regex, 'method', problems);
  return { regex };
}

interface Kind {
  readonly what: string;
  readonly isCaseless: boolean;
}

/** Of several with one name the first counts, as the specification has it. */
function namedMatches(
  matches: readonly NamedMatch[],
  { what, isCaseless }: Kind,
  problems: string[],
): Readonly<Record<string, ValueMatch>> | undefined {
  const found = new Map<string, ValueMatch>();
  for (const { type, name, value } of matches) {
    const key = isCaseless ? name.toLowerCase() : name;
    if (found.has(key)) continue;
    if (type === 'RegularExpression') {
      checkRegex(value, `${what} ${name}`, problems);
      found.set(key, { regex: value });
    } else if (type === 'Exact') found.set(key, { exact: value });
    else problems.push(`${what} ${name}: the type ${JSON.stringify(type)} is not known`);
  }
  return found.size === 0 ? undefined : Object.fromEntries(found);
}

function checkRegex(text: string, where: string, problems: string[]): void {
  const compiled = compileRegex(text);
  if ('problem' in compiled)
    problems.push(`${where}: ${JSON.stringify(text)} is no regular expression: ${compiled.problem}`);
}

function quote(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, (character) => `\\${character}`);
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { readonly [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in Name]?: T });
}
