/** Names under which other meshes put their proxy or its init container into pods. */
const NAMES: ReadonlySet<string> = new Set([
  'istio-proxy',
  'istio-init',
  'istio-validation',
  'linkerd-proxy',
  'linkerd-init',
  'linkerd-network-validator',
  'kuma-sidecar',
  'kuma-init',
  'consul-dataplane',
  'consul-connect-inject-init',
  'envoy',
  'envoy-sidecar',
  'osm-init',
  'proxyinit',
]);

/** Images that are nothing but such a proxy, whatever the container is called. */
const IMAGES =
  /(?:^|\/)(?:istio\/)?(?:proxyv2|linkerd2?[-/]proxy|linkerd[-/]proxy-init|kuma-dp|kuma-init)(?:[:@]|$)/;

/** Whether a container is the proxy of another mesh, or prepares for it. */
export function isOtherMesh({ name, image }: { readonly name: string; readonly image: string }): boolean {
  return NAMES.has(name) || IMAGES.test(image);
}
