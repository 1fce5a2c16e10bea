import type { FieldReader, Fields } from '../../read/fields.ts';
import type { HeaderFilter, NamedValue, PathModifier, RouteFilter } from '../objects.ts';
import { readBackend } from './read-backend.ts';

type ReadFilter = (filter: Fields, reader: FieldReader) => RouteFilter;

const KNOWN: Readonly<Record<string, ReadFilter>> = {
  RequestHeaderModifier: (filter, reader) => ({
    type: 'RequestHeaderModifier',
    change: readHeaders(reader.fields(filter, 'requestHeaderModifier'), reader),
  }),
  ResponseHeaderModifier: (filter, reader) => ({
    type: 'ResponseHeaderModifier',
    change: readHeaders(reader.fields(filter, 'responseHeaderModifier'), reader),
  }),
  RequestRedirect: readRedirect,
  URLRewrite: readRewrite,
  RequestMirror: readMirror,
  CORS: readCors,
};

export function readFilters(from: Fields, reader: FieldReader): readonly RouteFilter[] {
  return reader.items(from, 'filters').map((filter) => {
    const name = reader.text(filter, 'type');
    const read = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    return read === undefined ? { type: 'unknown', name } : read(filter, reader);
  });
}

function readHeaders(fields: Fields, reader: FieldReader): HeaderFilter {
  const named = (name: string): readonly NamedValue[] =>
    reader
      .items(fields, name)
      .map((item) => ({ name: reader.text(item, 'name'), value: reader.text(item, 'value') }));
  return { set: named('set'), add: named('add'), remove: reader.textItems(fields, 'remove') };
}

function readRedirect(filter: Fields, reader: FieldReader): RouteFilter {
  const fields = reader.fields(filter, 'requestRedirect');
  return {
    type: 'RequestRedirect',
    scheme: reader.text(fields, 'scheme'),
    hostname: reader.text(fields, 'hostname'),
    path: readPathModifier(fields, reader),
    port: reader.port(fields, 'port'),
    statusCode: reader.integer(fields, 'statusCode') ?? 302,
  };
}

function readRewrite(filter: Fields, reader: FieldReader): RouteFilter {
  const fields = reader.fields(filter, 'urlRewrite');
  return {
    type: 'URLRewrite',
    hostname: reader.text(fields, 'hostname'),
    path: readPathModifier(fields, reader),
  };
}

function readPathModifier(from: Fields, reader: FieldReader): PathModifier | undefined {
  if (from['path'] === undefined) return undefined;
  const fields = reader.fields(from, 'path');
  const type = reader.text(fields, 'type');
  const field = type === 'ReplaceFullPath' ? 'replaceFullPath' : 'replacePrefixMatch';
  return { type, value: reader.text(fields, field) };
}

function readMirror(filter: Fields, reader: FieldReader): RouteFilter {
  const fields = reader.fields(filter, 'requestMirror');
  return {
    type: 'RequestMirror',
    backend: readBackend(reader.fields(fields, 'backendRef'), reader),
    percent: readShare(fields, reader),
  };
}

function readShare(mirror: Fields, reader: FieldReader): number {
  if (mirror['fraction'] === undefined) return reader.integer(mirror, 'percent') ?? 100;
  const fraction = reader.fields(mirror, 'fraction');
  const denominator = reader.integer(fraction, 'denominator') ?? 100;
  if (denominator <= 0) return 0;
  return Math.min(100, ((reader.integer(fraction, 'numerator') ?? 0) * 100) / denominator);
}

function readCors(filter: Fields, reader: FieldReader): RouteFilter {
  const fields = reader.fields(filter, 'cors');
  return {
    type: 'CORS',
    allowOrigins: reader.textItems(fields, 'allowOrigins'),
    allowMethods: reader.textItems(fields, 'allowMethods'),
    allowHeaders: reader.textItems(fields, 'allowHeaders'),
    exposeHeaders: reader.textItems(fields, 'exposeHeaders'),
    allowCredentials: reader.flag(fields, 'allowCredentials'),
    maxAgeSeconds: reader.integer(fields, 'maxAge') ?? 5,
  };
}
