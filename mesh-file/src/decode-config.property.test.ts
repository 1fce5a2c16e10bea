import type { EndpointConfig, MatchRule, MeshConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { decodeConfig } from './decode-config.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
/** As registries call services: what YAML, JSON and paths of problems find hardest. */
const serviceName = fc.oneof(
  name,
  fc.constantFrom('ORDERS@@order', 'providers:com.x.Order:1.0:', '订单', 'yes', '1', '~', '"', "'", '\\'),
  fc.constantFrom('a#b', '{x}', '*x', '&y', '!!str', '%61', '__proto__', '-', '?', '🛒'),
);
const header = fc.stringMatching(/^x-[a-z]{1,5}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const text = fc.string({ minLength: 1, maxLength: 8, unit: 'binary' });
const percent = fc.integer({ min: 0, max: 10_000 }).map((steps) => steps / 100);
const number = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constantFrom(1, 10, 1_000, 1_000_000))
  .map(([steps, parts]) => steps / parts || 0);
const range = fc.tuple(number, number, fc.constantFrom('from', 'to', 'both')).map(([a, b, which]) => ({
  ...(which === 'to' ? {} : { from: Math.min(a, b) }),
  ...(which === 'from' ? {} : { to: Math.max(a, b) }),
}));
const value = fc.oneof(
  fc.record({ exact: text }),
  fc.record({ prefix: text }),
  fc.record({ suffix: text }),
  fc.record({ regex: fc.constantFrom('a.*', '^10[0-9]+$', '(?i)beta|gamma', String.raw`\d{2}\pL`, '\\*') }),
  fc.record({ range }),
  fc.record({ percent }),
  fc.record({ in: fc.array(text, { minLength: 1, maxLength: 3 }) }),
  fc.record({ present: fc.boolean() }),
);
const filled = { minLength: 1, maxLength: 3 };
const values = fc.dictionary(header, value, { minKeys: 1, maxKeys: 3 });
const network = fc.oneof(
  fc.ipV4(),
  fc.tuple(fc.ipV4(), fc.nat({ max: 32 })).map(([address, bits]) => `${address}/${bits}`),
  fc.constantFrom('2001:db8::/32', '::1', '::/0', '::ffff:10.0.0.0/104'),
);
const key = fc.oneof(
  fc.record({ header }),
  fc.record({ cookie: text }),
  fc.record({ query: text }),
  fc.constant({ sourceIp: true as const }),
);
const conditions = fc
  .record(
    {
      hosts: fc.array(
        fc.domain().map((host) => host.toLowerCase()),
        filled,
      ),
      paths: fc.array(
        fc.oneof(
          fc.record({ exact: fc.constant('/x') }),
          fc.record({ prefix: fc.constant('/y') }),
          fc.record({ regex: fc.constantFrom('/v[0-9]+/.*', '.*[.]png') }),
        ),
        filled,
      ),
      methods: fc.array(fc.constantFrom('GET', 'POST'), filled),
      headers: values,
      cookies: values,
      query: values,
      regions: fc.array(text, filled),
      sourceCidrs: fc.array(network, filled),
      percent,
    },
    { requiredKeys: [] },
  )
  .filter((one) => Object.keys(one).length > 0);
const rule: fc.Arbitrary<MatchRule> = fc
  .tuple(conditions, fc.record({ overwrite: fc.boolean(), key }, { requiredKeys: [] }))
  .map(([one, { overwrite, key: hashed }]) => ({
    ...one,
    ...(overwrite === undefined ? {} : { overwrite }),
    ...(hashed === undefined || one.percent === undefined ? {} : { key: hashed }),
  }));
const evidence = fc.record({
  trace: fc.boolean(),
  inFlight: fc.boolean(),
  bridge: fc.array(header, { maxLength: 2 }),
});
const mode = fc.constantFrom('permissive' as const, 'strict' as const);

function endpoint(servicePorts: readonly number[]): fc.Arbitrary<EndpointConfig> {
  const ports = fc.tuple(...servicePorts.map(() => port));
  const fields = fc.record(
    {
      address: fc.ipV4(),
      lane: name.filter((lane) => lane !== 'base'),
      weight: fc.integer({ min: 0, max: 10_000 }),
      zone: text,
      pod: text,
      healthy: fc.boolean(),
    },
    { requiredKeys: ['address', 'weight', 'healthy'] },
  );
  return fc.tuple(fields, ports).map(([rest, targets]) => ({
    ...rest,
    ports: Object.fromEntries(
      servicePorts.map((servicePort, i) => [String(servicePort), targets[i] ?? servicePort]),
    ),
    source: 'file',
  }));
}

const service: fc.Arbitrary<ServiceConfig> = fc.uniqueArray(port, filled).chain((ports) =>
  fc.record({
    name: serviceName,
    namespace: name,
    hosts: fc.constant([]),
    addresses: fc.constant([]),
    ports: fc.tuple(
      ...ports.map((number) =>
        fc.record({
          port: fc.constant(number),
          protocol: fc.constantFrom(
            'auto' as const,
            'http' as const,
            'http2' as const,
            'grpc' as const,
            'tcp' as const,
          ),
        }),
      ),
    ),
    endpoints: fc.uniqueArray(endpoint(ports), { maxLength: 4, selector: ({ address }) => address }),
  }),
);

const services = fc.uniqueArray(service, { ...filled, selector: (one) => `${one.namespace}/${one.name}` });

const mesh: fc.Arbitrary<MeshConfig> = services.chain((declared) =>
  fc.record({
    settings: fc.record({
      baggageKey: header,
      explainHeader: fc.boolean(),
      traceHeaders: fc.array(header, { maxLength: 2 }),
      regionHeader: header,
      mode,
      evidence,
      balancing: fc.record({
        policy: fc.constantFrom('least-request' as const, 'round-robin' as const),
        zoneAware: fc.boolean(),
      }),
    }),
    services: fc.constant(declared),
    groups: fc.tuple(
      fc.record({
        name: fc.constant('g'),
        services: fc.constant(declared.map((one) => ({ name: one.name, namespace: one.namespace }))),
        mode,
        evidence,
      }),
    ),
    colouring: fc.uniqueArray(
      fc.record({
        name: text,
        lane: fc.constantFrom('gray', 'blue', 'base'),
        entries: fc.array(fc.constantFrom('a', 'shop/edge'), filled),
        match: fc.array(rule, filled),
        priority: fc.integer({ min: -10, max: 10 }),
      }),
      { maxLength: 2, selector: (one) => one.name },
    ),
    lanes: fc.tuple(
      fc.record({
        name: fc.constant('gray'),
        group: fc.constant('g'),
        fallback: fc.constantFrom(['base'], [], ['blue'], ['blue', 'base']),
        serviceFallback: fc.constant({ [`${declared[0]?.namespace}/${declared[0]?.name}`]: ['blue'] }),
        match: fc.array(rule, { maxLength: 3 }),
        entries: fc.array(serviceName, { maxLength: 2 }),
        priority: fc.integer({ min: -10, max: 10 }),
      }),
      fc.constant({
        ...{ name: 'blue', group: 'g', fallback: ['base'], serviceFallback: {} },
        ...{ match: [], entries: [], priority: 0 },
      }),
    ),
    gateway: fc.record({
      trustIncomingTag: fc.boolean(),
      routes: fc.uniqueArray(
        fc.constantFrom(...declared).map((one) => ({
          hosts: ['*'],
          pathPrefix: `/${encodeURIComponent(one.name)}`,
          service: { name: one.name, namespace: one.namespace },
          port: one.ports[0]?.port ?? 0,
        })),
        { selector: (route) => route.pathPrefix },
      ),
    }),
  }),
);

/** The file that means `config`: all but the endpoints' source, which follows from being in a file. */
function print(config: MeshConfig): unknown {
  return {
    ...config,
    services: config.services.map((one) => ({
      ...one,
      endpoints: one.endpoints.map((endpoint) => ({ ...endpoint, source: undefined })),
    })),
  };
}

test('reads back every configuration that is written as YAML or as JSON', () => {
  fc.assert(
    fc.property(mesh, (config) => {
      expect(decodeConfig(stringify(print(config), { defaultStringType: 'QUOTE_DOUBLE' }))).toEqual({
        config,
      });
      expect(decodeConfig(JSON.stringify(print(config)))).toEqual({ config });
    }),
    { numRuns: 120 },
  );
});

test('never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (garbage) => {
      expect(Object.keys(decodeConfig(garbage))).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});

/** Keys of the file over values of any kind, so that the decoders get beyond the first look. */
const { shape } = fc.letrec((tie) => ({
  shape: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), name, text),
    fc.array(tie('shape'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        ...[
          'settings',
          'services',
          'groups',
          'lanes',
          'gateway',
          'name',
          'group',
          'port',
          'ports',
          'endpoints',
          'match',
        ],
        ...[
          'address',
          'evidence',
          'fallback',
          'serviceFallback',
          'routes',
          'service',
          'headers',
          'exact',
          '__proto__',
          '80',
        ],
      ),
      tie('shape'),
    ),
  ),
}));

test('never throws, whatever stands at the keys of a configuration', () => {
  fc.assert(
    fc.property(shape, shape, shape, (services, groups, lanes) => {
      const result = decodeConfig(stringify({ services, groups, lanes }));
      expect(Object.keys(result)).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});

test('never throws on a text of YAML punctuation', () => {
  const token = fc.constantFrom(
    ...[
      'services',
      ':',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&a ',
      '*a',
      '!x ',
      '"',
      "'",
      '|',
      '>',
      '? ',
      '#',
      '%',
      '---\n',
      '<<',
      '\t',
    ],
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
      expect(Object.keys(decodeConfig(tokens.join('')))).toHaveLength(1);
    }),
    { numRuns: 1000 },
  );
});
