import { createEventRecorder } from '@lanekeeper/kubernetes/events';
import { openRegistrar } from '@lanekeeper/nacos/npm-client/open-registrar';
import { openNamingClient } from '@lanekeeper/nacos/open-naming-client';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import type { NacosRegistry } from '../source/nacos/registry.ts';
import { serverOptionsOf } from '../source/nacos/server-options-of.ts';
import { registerPods, type PodRegistrations, type RegistrationOptions } from './pod-registrations.ts';
import { placeKey, type RegistrationPlace } from './registration-plan.ts';

type Given = Omit<RegistrationOptions, 'open' | 'read' | 'events' | 'cluster'>;

/** With the clients that there are. Rejects where a registry's file cannot be read. */
export async function openRegistrations(given: Given, cluster: ClusterAccess): Promise<PodRegistrations> {
  const { registries, log } = given;
  const optionsOf = await serverOptions(registries);
  const events = createEventRecorder({
    ...{ client: cluster.client, log, instance: cluster.pod },
    controller: 'lanekeeper.io/control-plane',
  });
  const registrations = registerPods({
    ...{ ...given, cluster, events },
    open: (place) => openRegistrar(optionsOf(place), { log }),
    read: (place) => openNamingClient(optionsOf(place), { log }),
  });
  return {
    problems: () => registrations.problems(),
    findings: () => registrations.findings(),
    async close() {
      await registrations.close();
      await events.close();
    },
  };
}

async function serverOptions(
  registries: readonly NacosRegistry[],
): Promise<(place: RegistrationPlace) => ServerOptions> {
  const places = registries.flatMap((registry) => registry.namespaces.map(({ id }) => ({ registry, id })));
  const all = await Promise.all(
    places.map(async ({ registry, id }) => {
      const key = placeKey({ registry: registry.name, namespace: id });
      return [key, await serverOptionsOf(registry, id)] as const;
    }),
  );
  const byPlace = new Map(all);
  return (place) => {
    const options = byPlace.get(placeKey(place));
    if (options === undefined) throw new TypeError(`no registry has the place ${placeKey(place)}`);
    return options;
  };
}
