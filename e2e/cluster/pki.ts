import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Layout } from './layout.ts';

interface Leaf {
  readonly file: string;
  readonly commonName: string;
  readonly organization?: string;
  /** For servers: the names and addresses they answer to. */
  readonly names?: readonly string[];
  readonly authority?: string;
}

/** Users of the API: file of the certificate and kubeconfig -> what the API server takes them for. */
const USERS: readonly Leaf[] = [
  { file: 'admin', commonName: 'lanekeeper-promises', organization: 'system:masters' },
  { file: 'controller-manager', commonName: 'system:kube-controller-manager' },
  { file: 'scheduler', commonName: 'system:kube-scheduler' },
  { file: 'kube-proxy', commonName: 'system:kube-proxy' },
  { file: 'coredns', commonName: 'system:coredns' },
];

/** The keys and certificates that a cluster starts with, and a kubeconfig for each of its users. */
export async function makePki(layout: Layout): Promise<void> {
  mkdirSync(layout.pki, { recursive: true, mode: 0o700 });
  await Promise.all([
    authority(layout, 'ca', 'kubernetes'),
    authority(layout, 'front-proxy-ca', 'front-proxy'),
    serviceAccountKey(layout),
  ]);
  const leaves = [...USERS, nodeUser(layout), ...servers(layout), ...callers()];
  await Promise.all(leaves.map((leaf) => certificate(layout, leaf)));
  const server = `https://${layout.nodeAddress}:${layout.apiPort}`;
  for (const { file } of [...USERS, nodeUser(layout)]) {
    const path = file === 'admin' ? layout.kubeconfig : join(layout.pki, `${file}.kubeconfig`);
    writeFileSync(path, kubeconfig({ layout, user: file, server }), { mode: 0o600 });
  }
}

function nodeUser({ nodeName }: Layout): Leaf {
  return { file: 'kubelet', commonName: `system:node:${nodeName}`, organization: 'system:nodes' };
}

function servers({ nodeAddress, nodeName, apiServiceAddress }: Layout): Leaf[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const names = ['localhost', ...service, 'kubernetes.default.svc.cluster.local'];
  return [
    {
      file: 'apiserver',
      commonName: 'kube-apiserver',
      names: [
        ...names.map((name) => `DNS:${name}`),
        ...['127.0.0.1', nodeAddress, apiServiceAddress].map((address) => `IP:${address}`),
      ],
    },
    { file: 'kubelet-server', commonName: nodeName, names: [`DNS:${nodeName}`, `IP:${nodeAddress}`] },
  ];
}

/** What the API server itself calls others with. */
function callers(): Leaf[] {
  return [
    {
      file: 'apiserver-kubelet-client',
      commonName: 'kube-apiserver-kubelet-client',
      organization: 'system:masters',
    },
    { file: 'front-proxy-client', commonName: 'front-proxy-client', authority: 'front-proxy-ca' },
  ];
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '365'];

async function authority({ pki }: Layout, file: string, commonName: string): Promise<void> {
  await run(
    'openssl',
    [
      ...['req', '-x509', ...KEY, '-subj', `/CN=${commonName}`],
      ...outputs(pki, file),
      ...usage('critical,keyCertSign,cRLSign'),
    ],
    { env: { OPENSSL_CONF: emptyConfig(pki) } },
  );
}

async function certificate({ pki }: Layout, leaf: Leaf): Promise<void> {
  const { file, commonName, organization, names, authority: by = 'ca' } = leaf;
  const subject = `${organization === undefined ? '' : `/O=${organization}`}/CN=${commonName}`;
  const extended = names === undefined ? 'clientAuth' : 'serverAuth';
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    `extendedKeyUsage=${extended}`,
    ...(names === undefined ? [] : [`subjectAltName=${names.join(',')}`]),
  ];
  await run(
    'openssl',
    [
      ...['req', '-x509', ...KEY, '-subj', subject, ...outputs(pki, file)],
      ...['-CA', join(pki, `${by}.crt`), '-CAkey', join(pki, `${by}.key`)],
      ...usage('critical,digitalSignature,keyEncipherment'),
      ...extensions.flatMap((extension) => ['-addext', extension]),
    ],
    { env: { OPENSSL_CONF: emptyConfig(pki) } },
  );
}

function outputs(pki: string, file: string): string[] {
  return ['-keyout', join(pki, `${file}.key`), '-out', join(pki, `${file}.crt`)];
}

function usage(value: string): string[] {
  return ['-addext', `keyUsage=${value}`, ...(value.includes('keyCertSign') ? CA : [])];
}

const CA = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'subjectKeyIdentifier=hash'];

/** The machine's own openssl.cnf may add extensions of its own, and one that is there twice is refused. */
function emptyConfig(pki: string): string {
  const path = join(pki, 'openssl.cnf');
  writeFileSync(path, '[req]\ndistinguished_name = dn\n[dn]\n');
  return path;
}

async function serviceAccountKey({ pki }: Layout): Promise<void> {
  const key = join(pki, 'service-account.key');
  await run('openssl', ['genrsa', '-out', key, '2048']);
  await run('openssl', ['rsa', '-in', key, '-pubout', '-out', join(pki, 'service-account.pub')]);
}

/** JSON is YAML. Files are named by absolute paths, so that the admin's may be copied elsewhere on the machine. */
function kubeconfig({ layout, user, server }: { layout: Layout; user: string; server: string }): string {
  const inPki = (file: string): string => join(layout.pki, file);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: layout.name, cluster: { server, 'certificate-authority': inPki('ca.crt') } }],
    users: [
      {
        name: user,
        user: { 'client-certificate': inPki(`${user}.crt`), 'client-key': inPki(`${user}.key`) },
      },
    ],
    contexts: [{ name: layout.name, context: { cluster: layout.name, user } }],
    'current-context': layout.name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
