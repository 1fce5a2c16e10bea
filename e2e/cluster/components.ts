import { join } from 'node:path';
import { VERSIONS } from './versions.ts';
import { CACHE, type Layout } from './layout.ts';

export const KUBERNETES_BIN = join(CACHE, 'bin', `kubernetes-${VERSIONS.kubernetes}`);
export const KUBECTL = join(KUBERNETES_BIN, 'kubectl');

/** What keeps running: its command, inside the node's network. */
export type ComponentName = keyof ReturnType<typeof commandsOf>;

/** Everything that makes the cluster, in the order in which it is started. */
export function commandsOf(layout: Layout) {
  return {
    containerd: ['/usr/bin/containerd', '--config', join(layout.folder, 'containerd.toml')],
    etcd: etcd(layout),
    apiserver: apiserver(layout),
    'controller-manager': controllerManager(layout),
    scheduler: scheduler(layout),
    'kube-proxy': [kubernetes('kube-proxy'), `--config=${join(layout.folder, 'kube-proxy.json')}`],
    coredns: coredns(layout),
    kubelet: kubelet(layout),
  } satisfies Record<string, readonly string[]>;
}

function kubernetes(program: string): string {
  return join(KUBERNETES_BIN, program);
}

function etcd({ folder, nodeAddress }: Layout): string[] {
  return [
    '/usr/bin/etcd',
    `--data-dir=${join(folder, 'etcd')}`,
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    `--listen-metrics-urls=http://${nodeAddress}:2381`,
    // The cluster lives for minutes; a power cut may take it.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiserver({ pki, nodeAddress, apiPort, serviceCidr }: Layout): string[] {
  const file = (name: string): string => join(pki, name);
  return [
    kubernetes('kube-apiserver'),
    '--etcd-servers=http://127.0.0.1:2379',
    `--advertise-address=${nodeAddress}`,
    `--secure-port=${apiPort}`,
    `--service-cluster-ip-range=${serviceCidr}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--client-ca-file=${file('ca.crt')}`,
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--kubelet-certificate-authority=${file('ca.crt')}`,
    `--kubelet-client-certificate=${file('apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${file('apiserver-kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file('service-account.pub')}`,
    `--service-account-signing-key-file=${file('service-account.key')}`,
    `--requestheader-client-ca-file=${file('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    `--proxy-client-cert-file=${file('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${file('front-proxy-client.key')}`,
  ];
}

function controllerManager({ pki, podCidr, serviceCidr, nodeAddress }: Layout): string[] {
  return [
    kubernetes('kube-controller-manager'),
    ...asUser(pki, 'controller-manager'),
    `--bind-address=${nodeAddress}`,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--cluster-cidr=${podCidr}`,
    '--allocate-node-cidrs=false',
    `--service-cluster-ip-range=${serviceCidr}`,
    `--root-ca-file=${join(pki, 'ca.crt')}`,
    `--service-account-private-key-file=${join(pki, 'service-account.key')}`,
    `--cluster-signing-cert-file=${join(pki, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(pki, 'ca.key')}`,
  ];
}

function scheduler({ pki, nodeAddress }: Layout): string[] {
  return [
    kubernetes('kube-scheduler'),
    ...asUser(pki, 'scheduler'),
    `--bind-address=${nodeAddress}`,
    '--leader-elect=false',
  ];
}

function asUser(pki: string, user: string): string[] {
  const file = join(pki, `${user}.kubeconfig`);
  return [
    `--kubeconfig=${file}`,
    `--authentication-kubeconfig=${file}`,
    `--authorization-kubeconfig=${file}`,
  ];
}

function coredns({ folder }: Layout): string[] {
  return [join(CACHE, 'bin', `coredns-${VERSIONS.coredns}`, 'coredns'), '-conf', join(folder, 'Corefile')];
}

function kubelet({ folder, pki, nodeName, nodeAddress }: Layout): string[] {
  return [
    kubernetes('kubelet'),
    `--config=${join(folder, 'kubelet.json')}`,
    `--kubeconfig=${join(pki, 'kubelet.kubeconfig')}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${nodeAddress}`,
    `--root-dir=${join(folder, 'kubelet')}`,
    `--cert-dir=${join(folder, 'kubelet', 'pki')}`,
  ];
}
