/** What the cluster is made of. The Go module of Kubernetes is pinned in go/go.mod too: the two must agree. */
export const VERSIONS = {
  kubernetes: 'v1.34.4',
  coredns: 'v1.12.4',
  helm3: 'v3.19.4',
  helm4: 'v4.3.1',
  npm: '11.19.1',
} as const;

/** Debian packages that bring the rest, each with the program by which it is known to be there. */
export const PACKAGES: Readonly<Record<string, string>> = {
  buildah: '/usr/bin/buildah',
  containerd: '/usr/bin/containerd',
  'containernetworking-plugins': '/usr/lib/cni/ptp',
  debootstrap: '/usr/sbin/debootstrap',
  // Of the Nacos server of seed 001: it is compiled here, for there is no image of it.
  'default-jdk-headless': '/usr/bin/javac',
  'etcd-server': '/usr/bin/etcd',
  iproute2: '/usr/sbin/ip',
  iptables: '/usr/sbin/iptables',
  maven: '/usr/bin/mvn',
  openssl: '/usr/bin/openssl',
  runc: '/usr/sbin/runc',
};
