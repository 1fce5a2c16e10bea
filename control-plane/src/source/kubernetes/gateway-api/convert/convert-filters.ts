import type { EdgeCors, EdgeRedirect, EdgeRewrite, HeaderChange } from '@lanekeeper/protocol/edge';
import type { BackendRef, HeaderFilter, PathModifier, RouteFilter } from '../objects.ts';

/** What the filters of a rule or a backend mean together. */
export interface ConvertedFilters {
  readonly requestHeaders?: HeaderChange;
  readonly responseHeaders?: HeaderChange;
  readonly redirect?: EdgeRedirect;
  readonly rewrite?: EdgeRewrite;
  readonly cors?: EdgeCors;
  readonly mirrors: readonly { readonly backend: BackendRef; readonly percent: number }[];
}

export interface FilterProblem {
  readonly reason: 'UnsupportedValue' | 'IncompatibleFilters';
  readonly message: string;
}

export interface FilterContext {
  /** `filters` of a rule, or of one of its backends, where only headers are changed. */
  readonly at: 'rule' | 'backend';
  /** All matches of the rule are prefixes of paths. */
  readonly hasPrefixesOnly: boolean;
}

const STATUS_CODES = new Set<number>([301, 302, 303, 307, 308] satisfies EdgeRedirect['status'][]);
const AT_BACKENDS = new Set<string>([
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
] satisfies RouteFilter['type'][]);

/** What cannot be done is added to `problems`; the rest of the result is then of no use. */
export function convertFilters(
  filters: readonly RouteFilter[],
  context: FilterContext,
  problems: FilterProblem[],
): ConvertedFilters {
  checkTogether(filters, problems);
  const converted: { -readonly [Name in keyof ConvertedFilters]: ConvertedFilters[Name] } = { mirrors: [] };
  for (const filter of filters) {
    if (context.at === 'backend' && filter.type !== 'unknown' && !AT_BACKENDS.has(filter.type)) {
      problems.push(unsupported(`${filter.type} is done for whole rules, not for single backends`));
      continue;
    }
    switch (filter.type) {
      case 'RequestHeaderModifier':
        converted.requestHeaders = convertHeaders(filter.change);
        break;
      case 'ResponseHeaderModifier':
        converted.responseHeaders = convertHeaders(filter.change);
        break;
      case 'RequestRedirect':
        converted.redirect = convertRedirect(filter, context, problems);
        break;
      case 'URLRewrite':
        converted.rewrite = convertRewrite(filter, context, problems);
        break;
      case 'RequestMirror':
        converted.mirrors = [...converted.mirrors, { backend: filter.backend, percent: filter.percent }];
        break;
      case 'CORS':
        converted.cors = convertCors(filter);
        break;
      case 'unknown':
        problems.push(unsupported(`the filter ${JSON.stringify(filter.name)} is not known`));
    }
  }
  return converted;
}

function checkTogether(filters: readonly RouteFilter[], problems: FilterProblem[]): void {
  const types = filters.map(({ type }) => type);
  if (types.includes('RequestRedirect') && types.includes('URLRewrite'))
    problems.push(incompatible('RequestRedirect and URLRewrite exclude each other'));
  const repeated = types.filter(
    (type, index) => !['RequestMirror', 'unknown'].includes(type) && types.indexOf(type) < index,
  );
  for (const type of new Set(repeated)) problems.push(incompatible(`${type} is there more than once`));
}

function convertHeaders({ set, add, remove }: HeaderFilter): HeaderChange {
  const byName = (values: HeaderFilter['set']): Readonly<Record<string, string>> =>
    // Of several with one name the first counts: it is put last.
    Object.fromEntries(values.toReversed().map(({ name, value }) => [name.toLowerCase(), value]));
  return { set: byName(set), add: byName(add), remove: remove.map((name) => name.toLowerCase()) };
}

type Redirect = Extract<RouteFilter, { type: 'RequestRedirect' }>;
type Rewrite = Extract<RouteFilter, { type: 'URLRewrite' }>;
type Cors = Extract<RouteFilter, { type: 'CORS' }>;

function convertRedirect(
  { scheme, hostname, path, port, statusCode }: Redirect,
  context: FilterContext,
  problems: FilterProblem[],
): EdgeRedirect {
  const isStatus = isStatusCode(statusCode);
  if (!isStatus)
    problems.push(unsupported(`RequestRedirect: the status ${statusCode} is none of a redirect`));
  if (scheme !== '' && !isScheme(scheme))
    problems.push(
      unsupported(`RequestRedirect: the scheme ${JSON.stringify(scheme)} is neither http nor https`),
    );
  return {
    status: isStatus ? statusCode : 302,
    ...(isScheme(scheme) ? { scheme } : {}),
    ...(hostname === '' ? {} : { host: hostname }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path: convertPath(path, context, problems) }),
  };
}

function isScheme(scheme: string): scheme is 'http' | 'https' {
  return scheme === 'http' || scheme === 'https';
}

function isStatusCode(status: number): status is EdgeRedirect['status'] {
  return STATUS_CODES.has(status);
}

function convertRewrite(
  { hostname, path }: Rewrite,
  context: FilterContext,
  problems: FilterProblem[],
): EdgeRewrite {
  return {
    ...(hostname === '' ? {} : { host: hostname }),
    ...(path === undefined ? {} : { path: convertPath(path, context, problems) }),
  };
}

function convertPath(
  { type, value }: PathModifier,
  { hasPrefixesOnly }: FilterContext,
  problems: FilterProblem[],
): { readonly full: string } | { readonly prefix: string } {
  if (type === 'ReplaceFullPath') return { full: value };
  if (type !== 'ReplacePrefixMatch')
    problems.push(unsupported(`the path modifier ${JSON.stringify(type)} is not known`));
  else if (!hasPrefixesOnly)
    problems.push(unsupported('ReplacePrefixMatch needs matches of the type PathPrefix, and only these'));
  return { prefix: value };
}

function convertCors(cors: Cors): EdgeCors {
  const { allowOrigins, allowMethods, allowHeaders, exposeHeaders, allowCredentials, maxAgeSeconds } = cors;
  return { allowOrigins, allowMethods, allowHeaders, exposeHeaders, allowCredentials, maxAgeSeconds };
}

function unsupported(message: string): FilterProblem {
  return { reason: 'UnsupportedValue', message };
}

function incompatible(message: string): FilterProblem {
  return { reason: 'IncompatibleFilters', message };
}
