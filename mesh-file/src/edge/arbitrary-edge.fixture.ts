import type {
  EdgeBackend,
  EdgeConfig,
  EdgeListener,
  EdgeRule,
  HeaderChange,
} from '@lanekeeper/protocol/edge';
import type { PathMatch, ValueMatch } from '@lanekeeper/protocol/model';
import fc, { type Arbitrary } from 'fast-check';

const few = { maxLength: 2 };
const filled = { minLength: 1, maxLength: 2 };
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const label = fc.string({ minLength: 1, maxLength: 20 });
const path = fc.constantFrom('/', '/a', '/a/b%20c', '/订单');
const port = fc.integer({ min: 1, max: 65_535 });
const seconds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const milliseconds = seconds;
const regex = fc.constantFrom('a+', '^/x(/|$)(.*)', '[0-9]{2,4}', '(?i)yes|no');
const headerName = fc.constantFrom('x-user', 'host', 'x_y', '__proto__', 'constructor');
const headerValue = fc.stringMatching(/^[\x20-\x7e]{0,8}$/);
const network = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.0.0.0/8', '0.0.0.0/0', '::/0', 'fd00::/8', '192.0.2.1/32'),
);
const networks = fc.array(network, few);
export const hostPattern: Arbitrary<string> = fc.oneof(
  fc.constant('*'),
  fc.domain().map((host) => host.toLowerCase()),
  fc.domain().map((host) => `*.${host.toLowerCase()}`),
);
const host = fc.domain().map((name) => name.toLowerCase());

const record = fc.record;
const optional = { requiredKeys: [] };

const pathMatch: Arbitrary<PathMatch> = fc.oneof(
  record({ exact: path }),
  record({ prefix: path }),
  record({ regex }),
);
const value: Arbitrary<ValueMatch> = fc.oneof(
  record({ exact: label }),
  record({ prefix: label }),
  record({ suffix: label }),
  record({ regex }),
  record({ in: fc.array(label, filled) }),
  record({ range: record({ from: fc.integer() }) }),
  record({ present: fc.boolean() }),
);
const headers: Arbitrary<HeaderChange> = record({
  set: fc.dictionary(headerName, headerValue, { maxKeys: 2 }),
  add: fc.dictionary(headerName, headerValue, { maxKeys: 2 }),
  remove: fc.array(headerName, few),
});
const service = record({ name: word, namespace: word });
const backend: Arbitrary<EdgeBackend> = fc.oneof(
  record(
    {
      service,
      port,
      weight: fc.integer({ min: 0, max: 1_000_000 }),
      lane: word,
      subset: word,
      protocol: fc.constantFrom('http' as const, 'http2' as const),
      requestHeaders: headers,
      responseHeaders: headers,
    },
    { requiredKeys: ['service', 'port', 'weight'] },
  ),
  record({ service: fc.constant(undefined), port: fc.constant(0), weight: fc.constant(1) }),
);
const plainPath = fc.oneof(record({ full: path }), record({ prefix: fc.oneof(path, fc.constant('')) }));
const action: Arbitrary<EdgeRule['action']> = fc.oneof(
  record({ kind: fc.constant('forward' as const), backends: fc.array(backend, few) }),
  record(
    {
      kind: fc.constant('redirect' as const),
      status: fc.constantFrom(301 as const, 302 as const, 303 as const, 307 as const, 308 as const),
      location: fc.constantFrom('https://a.example/x?y=z', '/a'),
      scheme: fc.constantFrom('http' as const, 'https' as const),
      host,
      port,
      path: plainPath,
    },
    { requiredKeys: ['kind', 'status'] },
  ),
  record({
    kind: fc.constant('reply' as const),
    status: fc.constantFrom(404, 500, 503),
    reason: fc.string({ maxLength: 40 }),
  }),
);
const sign = fc.oneof(
  record({ name: headerName }),
  record({ name: headerName, value: label }),
  record({ name: headerName, pattern: regex }),
);
const canary = record(
  {
    name: label,
    backend,
    header: sign,
    cookie: sign,
    query: sign,
    weight: fc.integer({ min: 0, max: 100 }),
    weightTotal: fc.integer({ min: 0, max: 1_000 }),
  },
  { requiredKeys: ['name', 'backend'] },
);
const rule: Arbitrary<EdgeRule> = record(
  {
    name: label,
    match: record(
      {
        path: pathMatch,
        method: fc.constantFrom('GET', 'POST'),
        headers: fc.dictionary(headerName, value, { maxKeys: 2 }),
        query: fc.dictionary(label, value, { maxKeys: 2 }),
      },
      optional,
    ),
    action,
    requestHeaders: headers,
    responseHeaders: headers,
    rewrite: record(
      { host, path: fc.oneof(plainPath, record({ regex, replacement: fc.constantFrom('/$2', '/x?y=$1') })) },
      optional,
    ),
    mirrors: fc.array(record({ service, port, percent: fc.constantFrom(0, 33.333, 100) }), few),
    cors: record(
      {
        allowOrigins: fc.array(fc.constantFrom('*', 'https://*.example.com', 'https://a.example'), few),
        allowMethods: fc.array(fc.constantFrom('GET', '*'), few),
        allowHeaders: fc.array(fc.constantFrom('X-User', '*'), few),
        exposeHeaders: fc.array(headerName, few),
        allowCredentials: fc.boolean(),
        maxAgeSeconds: seconds,
      },
      { requiredKeys: ['allowOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders', 'allowCredentials'] },
    ),
    timeouts: record(
      { connectMs: milliseconds, requestMs: milliseconds, backendRequestMs: milliseconds },
      optional,
    ),
    maxBodyBytes: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    allow: networks,
    deny: networks,
    affinity: record(
      {
        cookie: word,
        path: fc.constantFrom('/', '/a/b%20c'),
        maxAgeSeconds: seconds,
        sameSite: fc.constantFrom('Strict' as const, 'Lax' as const, 'None' as const),
        secure: fc.boolean(),
        mode: fc.constantFrom('balanced' as const, 'persistent' as const),
        canary: fc.constantFrom('sticky' as const, 'legacy' as const),
      },
      { requiredKeys: ['cookie', 'mode', 'canary'] },
    ),
    canaries: fc.array(canary, few),
  },
  { requiredKeys: ['name', 'match', 'action'] },
);
const listener: Arbitrary<EdgeListener> = record({
  name: label,
  port,
  publicPort: port,
  protocol: fc.constantFrom('http' as const, 'https' as const),
  host: hostPattern,
  certificates: fc.array(label, few),
  policy: record(
    {
      trustIncomingTag: fc.boolean(),
      trustedProxies: networks,
      proxyProtocol: fc.boolean(),
      allow: networks,
      deny: networks,
      traceSampleRate: fc.constantFrom(0, 0.01, 12.345, 100),
    },
    { requiredKeys: ['trustIncomingTag', 'trustedProxies', 'proxyProtocol', 'allow', 'deny'] },
  ),
  hosts: fc.array(record({ host: hostPattern, rules: fc.array(rule, few) }), few),
});

/** In the shape of PEM only. */
export const PEM = {
  certificate: '-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n',
  key: '-----BEGIN PRIVATE KEY-----\nTUlJRQ==\n-----END PRIVATE KEY-----\n',
};

export const arbitraryEdge: Arbitrary<EdgeConfig> = record({
  listeners: fc.array(listener, { maxLength: 3 }),
  certificates: fc.dictionary(fc.oneof(label, fc.constant('__proto__')), fc.constant(PEM), { maxKeys: 3 }),
});
