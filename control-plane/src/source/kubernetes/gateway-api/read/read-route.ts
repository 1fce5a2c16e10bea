import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { FieldReader, Fields } from '../../read/fields.ts';
import type {
  BackendRef,
  GrpcMatch,
  HttpMatch,
  KubeGrpcRoute,
  KubeHttpRoute,
  NamedMatch,
  ParentRef,
  RouteRule,
} from '../objects.ts';
import { GATEWAY_API_GROUP } from '../resources.ts';
import { readApiObject } from './read-api-object.ts';
import { readBackend } from './read-backend.ts';
import { readFilters } from './read-filters.ts';

type ReadMatch<Match> = (match: Fields, reader: FieldReader) => Match;

/** Of the experimental channel. */
const UNHEEDED = ['retry', 'sessionPersistence'];

export function readHttpRoute(object: KubeObject, reader: FieldReader): KubeHttpRoute {
  return { kind: 'HTTPRoute', ...readRoute(object, readHttpMatch, reader) };
}

export function readGrpcRoute(object: KubeObject, reader: FieldReader): KubeGrpcRoute {
  return { kind: 'GRPCRoute', ...readRoute(object, readGrpcMatch, reader) };
}

function readRoute<Match>(object: KubeObject, readMatch: ReadMatch<Match>, reader: FieldReader) {
  const spec = reader.fields(object, 'spec');
  const api = readApiObject(object, reader);
  return {
    ...api,
    parentRefs: reader
      .items(spec, 'parentRefs')
      .map((fields) => readParent(fields, api.meta.namespace, reader)),
    hostnames: reader.textItems(spec, 'hostnames').map((hostname) => hostname.toLowerCase()),
    rules: reader.items(spec, 'rules').map((rule) => readRule(rule, readMatch, reader)),
  };
}

function readParent(fields: Fields, namespace: string, reader: FieldReader): ParentRef {
  return {
    written: fields,
    group: reader.optionalText(fields, 'group') ?? GATEWAY_API_GROUP,
    kind: reader.optionalText(fields, 'kind') ?? 'Gateway',
    namespace: reader.optionalText(fields, 'namespace') ?? namespace,
    name: reader.text(fields, 'name'),
    sectionName: reader.optionalText(fields, 'sectionName'),
    port: reader.port(fields, 'port'),
  };
}

function readRule<Match>(fields: Fields, readMatch: ReadMatch<Match>, reader: FieldReader): RouteRule<Match> {
  const timeouts = reader.fields(fields, 'timeouts');
  return {
    name: reader.text(fields, 'name'),
    matches: reader.items(fields, 'matches').map((match) => readMatch(match, reader)),
    filters: readFilters(fields, reader),
    backends: reader.items(fields, 'backendRefs').map((backend): BackendRef => ({
      ...readBackend(backend, reader),
      filters: readFilters(backend, reader),
    })),
    timeouts: {
      request: reader.optionalText(timeouts, 'request'),
      backendRequest: reader.optionalText(timeouts, 'backendRequest'),
    },
    unheeded: UNHEEDED.filter((name) => fields[name] !== undefined),
  };
}

function readHttpMatch(fields: Fields, reader: FieldReader): HttpMatch {
  const path = reader.fields(fields, 'path');
  return {
    path: {
      type: reader.optionalText(path, 'type') ?? 'PathPrefix',
      value: reader.optionalText(path, 'value') ?? '/',
    },
    method: reader.optionalText(fields, 'method'),
    headers: readNamed(fields, 'headers', reader),
    query: readNamed(fields, 'queryParams', reader),
  };
}

function readGrpcMatch(fields: Fields, reader: FieldReader): GrpcMatch {
  const method = reader.fields(fields, 'method');
  return {
    method:
      fields['method'] === undefined
        ? undefined
        : {
            type: reader.optionalText(method, 'type') ?? 'Exact',
            service: reader.text(method, 'service'),
            method: reader.text(method, 'method'),
          },
    headers: readNamed(fields, 'headers', reader),
  };
}

function readNamed(from: Fields, name: string, reader: FieldReader): readonly NamedMatch[] {
  return reader.items(from, name).map((item) => ({
    type: reader.optionalText(item, 'type') ?? 'Exact',
    name: reader.text(item, 'name'),
    value: reader.text(item, 'value'),
  }));
}
