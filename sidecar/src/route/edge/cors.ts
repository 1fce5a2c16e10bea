import type { EdgeCors } from '@lanekeeper/protocol/edge';
import type { HeaderEdit, RequestHead } from '../../wire/head.ts';
import type { LocalReply } from '../../wire/local-reply.ts';

export interface Cors {
  readonly config: EdgeCors;
  readonly isAllowed: (origin: string) => boolean;
}

const DEFAULT_MAX_AGE = 5;
const HOST = /^[a-z0-9.-]+$/;

export function compileCors(config: EdgeCors): Cors {
  const tests = config.allowOrigins.map((origin) => originTest(withoutDefaultPort(origin.toLowerCase())));
  return {
    config,
    isAllowed(origin) {
      const plain = withoutDefaultPort(origin.toLowerCase());
      return tests.some((test) => test(plain));
    },
  };
}

/** `*` in a host stands for one or more labels, or parts of one. */
function originTest(allowed: string): (origin: string) => boolean {
  if (allowed === '*') return () => true;
  const star = allowed.indexOf('*');
  if (star === -1) return (origin) => origin === allowed;
  const before = allowed.slice(0, star);
  const after = allowed.slice(star + 1);
  return (origin) =>
    origin.length > before.length + after.length &&
    origin.startsWith(before) &&
    origin.endsWith(after) &&
    HOST.test(origin.slice(before.length, origin.length - after.length));
}

function withoutDefaultPort(origin: string): string {
  if (origin.startsWith('http://') && origin.endsWith(':80')) return origin.slice(0, -':80'.length);
  return origin.startsWith('https://') && origin.endsWith(':443') ? origin.slice(0, -':443'.length) : origin;
}

/** Fetch section 3.2.2. */
export function isPreflight({ method, headers }: RequestHead): boolean {
  if (method !== 'OPTIONS' || headers.get('origin') === undefined) return false;
  return headers.get('access-control-request-method') !== undefined;
}

/** The answer to a preflight request, whoever asks: one that may not gets no leave in it. */
export function preflightReply({ config, isAllowed }: Cors, { headers: asked }: RequestHead): LocalReply {
  const origin = asked.get('origin') ?? '';
  const headers: [name: string, value: string][] = [
    ['content-length', '0'],
    ['vary', 'origin, access-control-request-method, access-control-request-headers'],
  ];
  if (isAllowed(origin)) {
    headers.push(
      ...sharedFields(config, origin),
      ...listField(
        'access-control-allow-methods',
        config.allowMethods,
        asked.get('access-control-request-method'),
      ),
      ...listField(
        'access-control-allow-headers',
        config.allowHeaders,
        asked.get('access-control-request-headers'),
      ),
      ['access-control-max-age', String(config.maxAgeSeconds ?? DEFAULT_MAX_AGE)],
    );
  }
  return { status: 200, headers, body: '', closes: false };
}

/** For the response to an actual request: the rule alone says who may read it, whatever the application says. */
export function corsEdits({ config, isAllowed }: Cors, head: RequestHead): readonly HeaderEdit[] {
  const origin = head.headers.get('origin');
  const edits = new Map<string, HeaderEdit>(OWNED.map((name) => [name, { name, value: null }]));
  if (origin !== undefined && isAllowed(origin)) {
    for (const [name, value] of sharedFields(config, origin)) edits.set(name, { name, value });
  }
  return [...edits.values(), VARY];
}

const OWNED = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
];
const VARY: HeaderEdit = { name: 'vary', value: 'origin', append: true };

function sharedFields(config: EdgeCors, origin: string): [string, string][] {
  const fields: [string, string][] = [['access-control-allow-origin', origin]];
  if (config.allowCredentials) fields.push(['access-control-allow-credentials', 'true']);
  // With credentials `*` would be the name of a header (Fetch section 3.2.5).
  const exposed = config.exposeHeaders.filter((name) => name !== '*' || !config.allowCredentials);
  if (exposed.length > 0) fields.push(['access-control-expose-headers', exposed.join(', ')]);
  return fields;
}

/** `*` is answered by what was asked for, which is right with credentials and without. */
function listField(name: string, allowed: readonly string[], wanted: string | undefined): [string, string][] {
  if (allowed.includes('*')) return wanted === undefined || wanted === '' ? [] : [[name, wanted]];
  return allowed.length === 0 ? [] : [[name, allowed.join(', ')]];
}
