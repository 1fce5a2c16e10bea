import { mkdirSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

export const PAUSE_IMAGE = 'docker.io/lanekeeper/pause:1';
/** statfs(2): an overlay cannot be laid over another. */
export const OVERLAYFS_MAGIC = 0x79_4c_76_30;

/** Writes the configuration files that the commands of components.ts name. */
export async function writeConfiguration(layout: Layout): Promise<void> {
  const write = (file: string, content: string): void => writeFileSync(join(layout.folder, file), content);
  const json = (file: string, content: unknown): void =>
    write(file, `${JSON.stringify(content, undefined, 2)}\n`);
  mkdirSync(join(layout.folder, 'cni'), { recursive: true });
  write('containerd.toml', containerd(layout, await snapshotterOf(layout)));
  json('cni/10-pods.conflist', cni(layout));
  json('kubelet.json', kubelet(layout));
  json('kube-proxy.json', kubeProxy(layout));
  write('Corefile', corefile(layout));
}

/** How containerd lays an image's layers over each other. */
export async function snapshotterOf({ folder }: Layout): Promise<string> {
  const { type } = await statfs(folder);
  return type === OVERLAYFS_MAGIC ? 'native' : 'overlayfs';
}

function containerd({ folder, sockets }: Layout, snapshotter: string): string {
  return `version = 2
root = "${join(folder, 'containerd')}"
state = "${join(sockets, 'containerd')}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.zfs"]

[grpc]
address = "${join(sockets, 'containerd.sock')}"

[plugins."io.containerd.internal.v1.opt"]
path = "${join(folder, 'containerd', 'opt')}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${PAUSE_IMAGE}"
restrict_oom_score_adj = true
disable_apparmor = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "${snapshotter}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${join(folder, 'cni')}"
`;
}

/** Each pod on a cable of its own, so that all it sends passes the node's rules, whatever the kernel does with bridges. */
function cni({ id, folder, podCidr }: Layout): unknown {
  return {
    cniVersion: '0.4.0',
    name: id,
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: {
          type: 'host-local',
          dataDir: join(folder, 'cni', 'addresses'),
          ranges: [[{ subnet: podCidr }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function kubelet({ id, folder, pki, sockets, dnsAddress, nodeAddress, maxPods }: Layout): unknown {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(pki, 'kubelet-server.crt'),
    tlsPrivateKeyFile: join(pki, 'kubelet-server.key'),
    containerRuntimeEndpoint: `unix://${join(sockets, 'containerd.sock')}`,
    podLogsDir: join(folder, 'pods'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${id}`,
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    featureGates: { KubeletInUserNamespace: true },
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    evictionHard: { 'imagefs.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    serializeImagePulls: false,
    clusterDNS: [dnsAddress],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    rotateCertificates: false,
    healthzBindAddress: nodeAddress,
    maxPods,
  };
}

function kubeProxy({ pki, podCidr, nodeName, nodeAddress }: Layout): unknown {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: join(pki, 'kube-proxy.kubeconfig') },
    clusterCIDR: podCidr,
    hostnameOverride: nodeName,
    // The machine's, not the namespace's.
    conntrack: { maxPerCore: 0, min: 0 },
    healthzBindAddress: `${nodeAddress}:10256`,
    metricsBindAddress: '127.0.0.1:10249',
  };
}

/** Names outside of the cluster do not exist in it. Two blocks: in one, `template` would answer before `kubernetes`. */
function corefile({ pki, nodeAddress }: Layout): string {
  return `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
  bind ${nodeAddress}
  errors
  ready ${nodeAddress}:8181
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig ${join(pki, 'coredns.kubeconfig')}
    pods insecure
    ttl 5
  }
  cache 5
}
.:53 {
  bind ${nodeAddress}
  errors
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
`;
}
