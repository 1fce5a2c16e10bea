import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import fc from 'fast-check';

/** Few names, so that objects meet; values that the API server would refuse are among them. */
const NAMESPACES = ['shop', 'team'];
const namespace = fc.constantFrom(...NAMESPACES);
const host = fc.constantFrom('a.example.com', 'b.example.com', '*.example.com', '*.b.example.com', '*');
const port = fc.constantFrom(80, 443, 8080);
const few = { maxLength: 2 };
const generation = fc.integer({ min: 1, max: 3 });

/** Of parts that are wrong one would make all of a route of no use: most are right. */
function mostly<T, U>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 15, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

const word = fc.constantFrom('x-user', 'Host', '1', 'yes');
const text = mostly(word, fc.oneof(fc.constantFrom('a\r\nb', '', 'ü', '订单'), fc.string({ maxLength: 5 })));

type Fields = Readonly<Record<string, unknown>>;

function object(
  kind: string,
  names: readonly string[],
  spec: fc.Arbitrary<Fields>,
): fc.Arbitrary<KubeObject> {
  return fc
    .record({
      name: fc.constantFrom(...names),
      namespace,
      generation,
      creationTimestamp: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', ''),
      fields: spec,
    })
    .map(({ fields, ...metadata }) => ({ kind, metadata, spec: fields }));
}

/** Seldom there. */
function seldom<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined, freq: 1 });
}

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

const reference = fc.record({
  group: mostly(fc.constant(''), fc.constant('example.com')),
  kind: mostly(fc.constant('Secret'), fc.constant('Bucket')),
  namespace: maybe(namespace),
  name: mostly(fc.constant('good'), fc.constantFrom('bad', 'none')),
});
const kinds = fc.array(fc.record({ kind: fc.constantFrom('HTTPRoute', 'GRPCRoute', 'TCPRoute') }), few);
const listener = fc.record({
  name: fc.constantFrom('one', 'two', 'three'),
  port,
  protocol: fc.constantFrom('HTTP', 'HTTP', 'HTTPS', 'TCP'),
  hostname: maybe(host.filter((name) => name !== '*')),
  tls: maybe(fc.record({ certificateRefs: fc.array(reference, few) })),
  allowedRoutes: maybe(
    fc.record({
      namespaces: fc.record({
        from: fc.constantFrom('Same', 'All', 'All', 'Selector', 'None'),
        selector: fc.constant({ matchLabels: { edge: 'yes' } }),
      }),
      kinds: seldom(kinds),
    }),
  ),
});
const gateway = object(
  'Gateway',
  ['edge', 'inner'],
  fc.record({
    gatewayClassName: mostly(fc.constant('lanekeeper'), fc.constant('nginx')),
    listeners: fc.uniqueArray(listener, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
    addresses: seldom(mostly(fc.constant([{ type: 'IPAddress' }]), fc.constant([{ value: '192.0.2.1' }]))),
  }),
);

const parentRef = fc.record({
  name: mostly(fc.constantFrom('edge', 'inner'), fc.constant('absent')),
  namespace: maybe(namespace),
  sectionName: seldom(fc.constantFrom('one', 'two')),
  port: seldom(port),
});
const named = fc.array(
  fc.record({ type: fc.constantFrom('Exact', 'RegularExpression'), name: text, value: text }),
  few,
);
const headerChange = fc.record({
  set: fc.array(fc.record({ name: text, value: text }), few),
  add: fc.array(fc.record({ name: text, value: text }), few),
  remove: fc.array(text, few),
});
const backendRef = fc.record({
  group: mostly(fc.constant(''), fc.constant('example.com')),
  kind: mostly(fc.constantFrom(undefined, 'Service'), fc.constant('Bucket')),
  name: mostly(fc.constantFrom('a', 'b'), fc.constantFrom('outside', 'none')),
  namespace: maybe(namespace),
  port: mostly(fc.constantFrom(80, 81), fc.constantFrom(9999, undefined)),
  weight: maybe(fc.integer({ min: 0, max: 3 })),
});
const pathModifier = fc.record({
  type: mostly(fc.constantFrom('ReplaceFullPath', 'ReplacePrefixMatch'), fc.constant('Other')),
  replaceFullPath: mostly(fc.constant('/new'), text),
  replacePrefixMatch: mostly(fc.constant('/new'), text),
});
const filter = mostly(
  fc.oneof(
    fc.record({ type: fc.constant('RequestHeaderModifier'), requestHeaderModifier: headerChange }),
    fc.record({ type: fc.constant('ResponseHeaderModifier'), responseHeaderModifier: headerChange }),
    fc.record({
      type: fc.constant('RequestRedirect'),
      requestRedirect: fc.record({
        scheme: maybe(mostly(fc.constantFrom('http', 'https'), fc.constant('ftp'))),
        hostname: maybe(mostly(fc.constant('new.example.com'), text)),
        statusCode: maybe(mostly(fc.constantFrom(301, 302), fc.constant(404))),
        path: maybe(pathModifier),
      }),
    }),
    fc.record({
      type: fc.constant('URLRewrite'),
      urlRewrite: fc.record({ hostname: seldom(word), path: maybe(pathModifier) }),
    }),
    fc.record({
      type: fc.constant('RequestMirror'),
      requestMirror: fc.record({ backendRef, percent: maybe(fc.integer({ min: 0, max: 100 })) }),
    }),
    fc.record({
      type: fc.constant('CORS'),
      cors: fc.record({ allowOrigins: fc.array(text, few), allowMethods: fc.array(word, few) }),
    }),
  ),
  fc.record({ type: fc.constantFrom('ExtensionRef', 'Later') }),
);
const path = fc.record({
  type: mostly(fc.constantFrom('Exact', 'PathPrefix', 'RegularExpression'), fc.constant('Later')),
  value: mostly(fc.constantFrom('/', '/a', '/a/', '/a/b'), fc.oneof(fc.constantFrom('(', 'a+'), text)),
});
const common = {
  name: maybe(fc.constantFrom('named', 'other')),
  filters: fc.array(filter, { maxLength: 1 }),
  backendRefs: fc.array(
    fc.tuple(backendRef, seldom(filter)).map(([ref, one]) => ({
      ...ref,
      filters: one === undefined ? [] : [one],
    })),
    few,
  ),
  timeouts: maybe(fc.record({ request: mostly(fc.constantFrom('1s', '0s', '99999h'), fc.constant('soon')) })),
};
const routeSpec = <T>(rule: fc.Arbitrary<T>): fc.Arbitrary<Fields> =>
  fc.record({
    parentRefs: fc.array(parentRef, { minLength: 1, maxLength: 2 }),
    hostnames: fc.array(
      host.filter((name) => name !== '*'),
      few,
    ),
    rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
  });
const httpMatch = fc.record({
  path: maybe(path),
  headers: named,
  queryParams: named,
  method: seldom(mostly(fc.constant('GET'), fc.constant('P UT'))),
});
const grpcMatch = fc.record({
  method: maybe(
    fc.record({ type: fc.constantFrom('Exact', 'RegularExpression'), service: text, method: text }),
  ),
  headers: named,
});
const httpRoute = object(
  'HTTPRoute',
  ['h1', 'h2', 'h3'],
  routeSpec(fc.record({ ...common, matches: fc.array(httpMatch, few) })),
);
const grpcRoute = object(
  'GRPCRoute',
  ['g1', 'g2'],
  routeSpec(fc.record({ ...common, matches: fc.array(grpcMatch, few) })),
);
const grant = object(
  'ReferenceGrant',
  ['to-all', 'to-one'],
  fc.record({
    from: fc.array(
      fc.record({
        group: fc.constant('gateway.networking.k8s.io'),
        kind: fc.constantFrom('Gateway', 'HTTPRoute', 'GRPCRoute'),
        namespace,
      }),
      few,
    ),
    to: fc.array(
      fc.record({
        group: fc.constant(''),
        kind: fc.constantFrom('Service', 'Secret'),
        name: maybe(fc.constantFrom('a', 'good')),
      }),
      few,
    ),
  }),
);

const FIXED: readonly KubeObject[] = [
  {
    kind: 'GatewayClass',
    metadata: { name: 'lanekeeper' },
    spec: { controllerName: 'lanekeeper.io/gateway' },
  },
  { kind: 'Namespace', metadata: { name: 'shop', labels: { edge: 'yes' } } },
  { kind: 'Namespace', metadata: { name: 'team' } },
  ...NAMESPACES.flatMap((of): readonly KubeObject[] => [
    {
      kind: 'Service',
      metadata: { name: 'a', namespace: of },
      spec: { ports: [{ port: 80 }, { port: 81 }] },
    },
    {
      kind: 'Service',
      metadata: { name: 'b', namespace: of },
      spec: {
        ports: [
          { port: 80, appProtocol: 'kubernetes.io/h2c' },
          { port: 81, appProtocol: 'https' },
        ],
      },
    },
    {
      kind: 'Service',
      metadata: { name: 'outside', namespace: of },
      spec: { type: 'ExternalName', ports: [{ port: 80 }] },
    },
    {
      kind: 'Secret',
      metadata: { name: 'good', namespace: of },
      stringData: { 'tls.crt': '{CERTIFICATE}', 'tls.key': '{KEY}' },
    },
    {
      kind: 'Secret',
      metadata: { name: 'bad', namespace: of },
      stringData: { 'tls.crt': 'x', 'tls.key': 'y' },
    },
  ]),
];

/** A world of Gateways and routes; of several objects with one name the last counts. */
export const arbitraryObjects: fc.Arbitrary<readonly KubeObject[]> = fc
  .uniqueArray(fc.oneof(gateway, gateway, httpRoute, httpRoute, grpcRoute, grant), {
    maxLength: 14,
    size: 'max',
    selector: ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
  })
  .map((objects) => [...FIXED, ...objects]);
