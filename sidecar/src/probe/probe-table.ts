import { PROBE_KINDS, probePath, type ProbeTable, type ProbeTarget } from '@lanekeeper/protocol/probes';
import type { EnvKind } from '@lanekeeper/runtime/env-kinds';

type Fields = Readonly<Record<string, unknown>>;

const CONTAINER = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** The kubelet allows any number of seconds; nobody waits longer than an hour for a probe. */
const MAX_TIMEOUT_MS = 3_600_000;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible characters, space and tab (RFC 9110 section 5.5). */
const FIELD_VALUE = /^[\t -~\x80-\xff]*$/;

/** What the injector wrote down of the pod's probes, as JSON. */
export const PROBE_TABLE: EnvKind<ProbeTable> = {
  expected: 'a table of probes as the injector writes it (JSON: path on the status port -> target)',
  parse: parseTable,
};

function parseTable(text: string): ProbeTable | undefined {
  const table = asFields(parseJson(text));
  if (table === undefined) return undefined;
  const probes: Record<string, ProbeTable[string]> = {};
  for (const [path, value] of Object.entries(table)) {
    const probe = isPath(path) ? readProbe(asFields(value)) : undefined;
    if (probe === undefined) return undefined;
    probes[path] = probe;
  }
  return probes;
}

function isPath(path: string): boolean {
  const container = path.split('/')[2] ?? '';
  return CONTAINER.test(container) && PROBE_KINDS.some((kind) => path === probePath(container, kind));
}

function readProbe(fields: Fields | undefined): ProbeTable[string] | undefined {
  const target = fields === undefined ? undefined : readTarget(fields);
  const timeoutMs = fields?.['timeoutMs'];
  if (target === undefined || !isWithin(timeoutMs, MAX_TIMEOUT_MS)) return undefined;
  return { ...target, timeoutMs };
}

function readTarget(fields: Fields): ProbeTarget | undefined {
  const { kind, port, service } = fields;
  if (!isWithin(port, 65_535)) return undefined;
  if (kind === 'tcp') return { kind, port };
  if (kind === 'grpc') return typeof service === 'string' ? { kind, port, service } : undefined;
  return kind === 'http' ? readHttpTarget(fields, port) : undefined;
}

function readHttpTarget({ path, scheme, headers }: Fields, port: number): ProbeTarget | undefined {
  const read = Array.isArray(headers) ? headers.map(readHeader) : [undefined];
  const known = read.filter((header) => header !== undefined);
  if (typeof path !== 'string' || known.length < read.length) return undefined;
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') return undefined;
  return { kind: 'http', port, path, scheme, headers: known };
}

function readHeader(value: unknown): { readonly name: string; readonly value: string } | undefined {
  const fields = asFields(value);
  const { name, value: text } = fields ?? {};
  const isHeader = typeof name === 'string' && typeof text === 'string';
  return isHeader && TOKEN.test(name) && FIELD_VALUE.test(text) ? { name, value: text } : undefined;
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no table; the caller says what was expected.
    return undefined;
  }
}
