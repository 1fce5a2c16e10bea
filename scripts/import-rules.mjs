// The arrows of docs/architecture.md as data, each with its reason. check-imports.mjs holds the tree against them.

/** Package -> the packages of ours that it may import. */
export const PACKAGE_ARROWS = {
  protocol: [],
  runtime: [],
  'mesh-file': ['protocol', 'runtime'],
  lint: ['protocol', 'runtime', 'mesh-file'],
  kubernetes: ['runtime'],
  nacos: ['runtime'],
  sidecar: ['protocol', 'runtime', 'mesh-file'],
  injector: ['protocol', 'runtime', 'mesh-file', 'lint', 'kubernetes'],
  'control-plane': ['protocol', 'runtime', 'mesh-file', 'lint', 'kubernetes', 'nacos'],
  lanectl: ['protocol', 'runtime', 'mesh-file', 'lint', 'kubernetes'],
  playground: ['protocol', 'runtime'],
  // Not shipped: it measures and tests the others from within.
  e2e: [
    ...['protocol', 'runtime', 'mesh-file', 'lint', 'kubernetes', 'nacos'],
    ...['sidecar', 'injector', 'control-plane', 'lanectl', 'playground'],
  ],
};

export const PACKAGE_REASON =
  'executables never import each other; what they share stands in protocol, runtime, mesh-file, lint, kubernetes or nacos';

/**
 * Outside modules with a narrow door: only files under one of `only` may import them. Tests, and the packages that are not part
 * of a shipped program, may use what they like.
 */
export const NARROW_EDGES = [
  {
    module: 'http-proxy-3',
    only: ['sidecar/src/wire/http/'],
    reason: 'the slow HTTP/1 driver forwards with it, nobody else speaks its options',
  },
  {
    module: 'node:http2',
    only: ['sidecar/src/wire/http2/', 'sidecar/src/wire/bridge/', 'sidecar/src/probe/'],
    reason: 'our own frames replace it on the data path one day',
  },
  {
    module: 'node:http',
    only: [
      ...['sidecar/src/wire/http/', 'sidecar/src/wire/bridge/', 'sidecar/src/admin/'],
      ...['sidecar/src/exchange/otlp', 'sidecar/src/probe/'],
      ...['injector/src/admission/', 'kubernetes/src/', 'nacos/src/http/'],
      ...['runtime/src/small-server.ts', 'runtime/src/status-server.ts'],
    ],
    reason: 'the data path speaks HTTP through its drivers only',
  },
  {
    module: 'node:https',
    only: [
      ...['sidecar/src/exchange/otlp', 'sidecar/src/probe/'],
      ...['injector/src/', 'kubernetes/src/', 'nacos/src/http/'],
    ],
    reason: 'the data path speaks HTTP through its drivers only',
  },
  { module: 'koffi', only: ['sidecar/src/listen/'], reason: 'the one native call is SO_ORIGINAL_DST' },
  {
    module: 'yaml',
    only: ['mesh-file/src/'],
    reason: 'YAML is read at the boundary and nowhere else',
  },
  {
    module: 're2js',
    only: ['mesh-file/src/'],
    reason:
      'what the decoder accepts as a regular expression is what matches; nobody runs those of users otherwise',
  },
  { module: 'commander', only: ['lanectl/src/'], reason: 'the command line of people is there' },
  {
    module: '@kubernetes/client-node',
    only: ['kubernetes/src/'],
    reason: 'one door to the API server; its objects are read into small ones at once',
  },
  { module: 'ws', only: ['kubernetes/src/'], reason: 'the API server carries ports of pods over WebSockets' },
  {
    module: '@grpc/grpc-js',
    only: ['sidecar/src/discovery/', 'control-plane/src/publish/', 'nacos/src/grpc/'],
    reason: 'gRPC carries discovery and is what Nacos 2 speaks; the data path has its own HTTP/2',
  },
  {
    module: 'nacos',
    only: ['nacos/src/npm-client/'],
    reason: 'one narrow adapter knows what the package does wrong in an outage',
  },
  {
    module: '@peculiar/x509',
    only: ['injector/src/certificates/'],
    reason: 'the injector is the only authority',
  },
  {
    module: 'reflect-metadata',
    only: ['injector/src/certificates/'],
    reason: '@peculiar/x509 wants it loaded before itself',
  },
  { module: 'pino', only: ['runtime/src/log.ts'], reason: 'the logger can be exchanged in one file' },
  {
    module: '@opentelemetry/api',
    only: ['sidecar/src/exchange/'],
    reason: 'spans are a report of an exchange',
  },
  {
    module: '@opentelemetry/core',
    only: ['sidecar/src/exchange/'],
    reason: 'spans are a report of an exchange; elsewhere it is an oracle of tests',
  },
];

/** Packages whose files the narrow edges bind: those that become a shipped program. */
export const SHIPPED = new Set([
  ...['protocol', 'runtime', 'mesh-file', 'lint', 'kubernetes', 'nacos'],
  ...['sidecar', 'injector', 'control-plane', 'lanectl'],
]);

/** Folder -> what its files may not import. `values` binds imports that remain at run time, `all` those of types too. */
export const FOLDER_RULES = [
  {
    folder: 'protocol/src/',
    all: ['node:'],
    reason: 'the contract is pure: a browser or another runtime can read it',
  },
  {
    folder: 'runtime/src/',
    all: ['@lanekeeper/'],
    reason: 'process plumbing knows no mesh noun',
  },
  {
    folder: 'sidecar/src/lane/',
    all: ['node:'],
    except: ['node:crypto'],
    values: [
      'sidecar/src/listen/',
      'sidecar/src/wire/',
      'sidecar/src/cluster/',
      'sidecar/src/exchange/',
      'sidecar/src/discovery/',
      'sidecar/src/admin/',
    ],
    reason: 'decisions are pure: no sockets, no files, no clock of their own',
  },
  {
    folder: 'sidecar/src/route/',
    all: ['node:'],
    except: ['node:crypto'],
    values: [
      'sidecar/src/listen/',
      'sidecar/src/wire/',
      'sidecar/src/cluster/',
      'sidecar/src/exchange/',
      'sidecar/src/discovery/',
      'sidecar/src/admin/',
    ],
    reason: 'decisions are pure: no sockets, no files, no clock of their own',
  },
  {
    folder: 'sidecar/src/wire/',
    all: ['sidecar/src/lane/', 'sidecar/src/route/', 'sidecar/src/discovery/', 'sidecar/src/admin/'],
    reason: 'a driver carries bytes and asks a RequestHandler; it knows nothing of lanes',
  },
  {
    folder: 'sidecar/src/listen/',
    all: ['sidecar/src/lane/', 'sidecar/src/route/', 'sidecar/src/discovery/', 'sidecar/src/admin/'],
    reason: 'a listener finds destination and protocol; what follows is decided elsewhere',
  },
  {
    folder: 'sidecar/src/cluster/',
    all: ['sidecar/src/admin/', 'sidecar/src/discovery/', 'sidecar/src/listen/'],
    reason: 'pickers and pools are used by the data path; they do not reach back',
  },
  {
    folder: 'sidecar/src/probe/',
    all: ['lane', 'route', 'cluster', 'exchange', 'wire', 'listen', 'discovery', 'admin'].map(
      (folder) => `sidecar/src/${folder}/`,
    ),
    reason: 'a probe asks the application and knows nothing of the mesh',
  },
  {
    folder: 'sidecar/src/exchange/',
    all: ['sidecar/src/admin/', 'sidecar/src/discovery/'],
    reason: 'an exchange is read by the admin port, never the other way round',
  },
  {
    folder: 'sidecar/src/discovery/',
    all: ['sidecar/src/admin/', 'sidecar/src/wire/', 'sidecar/src/listen/'],
    reason: 'a source makes snapshots; who reads them is not its business',
  },
  ...['catalog', 'translate', 'source/kubernetes/convert', 'source/nacos/convert'].map((folder) => ({
    folder: `control-plane/src/${folder}/`,
    all: ['node:', 'control-plane/src/publish/', '@lanekeeper/kubernetes/'],
    // Hashes and the spelling of addresses: no I/O.
    except: ['node:crypto', 'node:net'],
    reason:
      'what sidecars are told follows from tables and changes alone; who watches and who sends is not its business',
  })),
  ...['gateway-api', 'ingress'].map((kind) => ({
    folder: `control-plane/src/source/kubernetes/${kind}/convert/`,
    all: ['node:', 'control-plane/src/publish/', '@lanekeeper/kubernetes/api-client'],
    reason: 'what gateways serve follows from objects alone; who watches them is not its business',
  })),
  {
    folder: 'lint/src/',
    all: ['node:'],
    reason:
      'a finding follows from a described world; who has read it, from files or a cluster, is not its business',
  },
  ...['pod', 'decision', 'patch'].map((folder) => ({
    folder: `injector/src/${folder}/`,
    all: ['node:'],
    values: ['injector/src/admission/', 'injector/src/certificates/', 'injector/src/facts/'],
    reason: 'what is done with a pod is pure: it sees an object and facts, no server and no cluster',
  })),
];

/** Tools that scripts, CI or the compiler start by path or name, so that no file imports them. */
export const TOOLS = new Set([
  'oxlint',
  'oxlint-tsgolint',
  'prettier',
  'typescript',
  '@types/node',
  'vitest',
  'esbuild',
]);
