import { dirname } from 'node:path';
import { HELM3 } from './binaries.ts';
import { KUBECTL } from './components.ts';
import type { Layout } from './layout.ts';

/** How to use a cluster that is left up. */
export function usage({
  name,
  kubeconfig,
  id,
  logs,
  nodeAddress,
  podCidr,
  serviceCidr,
  sockets,
}: Layout): string {
  const option = name === 'promises' ? '' : ` --name ${name}`;
  return `The cluster '${name}' is up.
  export KUBECONFIG=${kubeconfig}
  kubectl, helm   ${dirname(KUBECTL)}, ${dirname(HELM3)}
  from here       node ports at ${nodeAddress}; pods ${podCidr} and Services ${serviceCidr} directly
  its network     nsenter --net=/run/netns/${id} COMMAND
  its containers  ctr --address ${sockets}/containerd.sock --namespace k8s.io containers list
  logs            ${logs}
  an image        node e2e/cluster/main.ts image NAME DOCKERFILE CONTEXT${option}
  a part          node e2e/cluster/main.ts restart apiserver${option}
  take it down    node e2e/cluster/main.ts down${option}
`;
}
