import { type Backend, describeIngress, type Ingress } from './ingress.ts';
import type { Manifest, Tell } from './conversion.ts';
import type { FindService } from './services.ts';

/** The Service of the path, or the destinations that the annotations name instead. */
export function backendRefs(
  ingress: Ingress,
  backend: Backend,
  { find, tell }: { readonly find: FindService; readonly tell: Tell },
): readonly Manifest[] {
  const object = describeIngress(ingress);
  const { destinations } = ingress.settings.backend;
  if (destinations !== undefined) {
    return destinations.map(({ service, namespace, port, weight }) => {
      if (namespace !== undefined && namespace !== ingress.namespace)
        tell({ object, message: `Service ${namespace}/${service} needs a ReferenceGrant in its namespace` });
      const number = portNumber(ingress.namespace, { service, port: port ?? backend.port });
      return { name: service, ...(namespace === undefined ? {} : { namespace }), port: number, weight };
    });
  }
  if (backend.service === '') {
    tell({ object, message: 'a backend is no Service; it is left out, and answered with 500' });
    return [];
  }
  return [{ name: backend.service, port: portNumber(ingress.namespace, backend) }];

  function portNumber(namespace: string, { service, port }: Backend): number {
    if (typeof port === 'number') return port;
    const found = find(namespace, service)?.ports.get(port);
    if (found !== undefined) return found;
    tell({
      object,
      message: `the port called ${port} of Service ${service} has no number in these files; 80 stands in its place`,
    });
    return 80;
  }
}
