import { asKubeObject, fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { standingOf } from '@lanekeeper/protocol/workload-names';
import { parseAllDocuments } from 'yaml';
import { checkTlsMaterial, type TlsMaterial } from '../../edge/tls-material.ts';
import { FieldReader } from '../../read/fields.ts';
import { readNamespace } from '../../read/read-meta.ts';
import { readService } from '../../read/read-service.ts';
import type { KubeNamespace, KubeService } from '../../objects.ts';
import type { KubeGateway, KubeGatewayClass, KubeReferenceGrant, KubeRoute } from '../objects.ts';
import { readGatewayClass } from '../read/read-gateway-class.ts';
import { readGateway } from '../read/read-gateway.ts';
import { readReferenceGrant } from '../read/read-reference-grant.ts';
import { readGrpcRoute, readHttpRoute } from '../read/read-route.ts';
import { planService } from '../services/plan-service.ts';
import type { GatewayApiView, GatewayPlace } from './gateway-api-view.ts';

const PAIR = makePair('shop.example');

/** Objects of texts, by kind and key. `{CERTIFICATE}` and `{KEY}` in Secrets stand for a pair that belongs together. */
export class GatewayApiObjects {
  readonly gatewayClasses = new Map<string, KubeGatewayClass>();
  readonly gateways = new Map<string, KubeGateway>();
  readonly httpRoutes = new Map<string, KubeRoute>();
  readonly grpcRoutes = new Map<string, KubeRoute>();
  readonly referenceGrants = new Map<string, KubeReferenceGrant>();
  readonly namespaces = new Map<string, KubeNamespace>();
  readonly services = new Map<string, KubeService>();
  readonly secrets = new Map<string, TlsMaterial>();
  readyPods = 2;
  readonly #reader = new FieldReader(() => {
    throw new TypeError('an object has a field of the wrong kind');
  });

  put(text: string): this {
    for (const document of parseAllDocuments(text)) {
      const object = asKubeObject(document.toJS());
      if (object === undefined) throw new TypeError('a document is no object of Kubernetes');
      this.putObject(object);
    }
    return this;
  }

  putObject(object: KubeObject): void {
    const { name, namespace } = object.metadata;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    const reader = this.#reader;
    switch (object.kind) {
      case 'GatewayClass':
        return void this.gatewayClasses.set(key, readGatewayClass(object, reader));
      case 'Gateway':
        return void this.gateways.set(key, readGateway(object, reader));
      case 'HTTPRoute':
        return void this.httpRoutes.set(key, readHttpRoute(object, reader));
      case 'GRPCRoute':
        return void this.grpcRoutes.set(key, readGrpcRoute(object, reader));
      case 'ReferenceGrant':
        return void this.referenceGrants.set(key, readReferenceGrant(object, reader));
      case 'Namespace':
        return void this.namespaces.set(key, readNamespace(object, reader));
      case 'Service':
        return void this.services.set(key, readService(object, reader));
      case 'Secret':
        return void this.secrets.set(key, materialOf(object));
      default:
        throw new TypeError(`nothing is known of ${object.kind}`);
    }
  }

  /** Each Gateway has its Service, and an address of it. */
  view(): GatewayApiView {
    const places = this.#places();
    const { gatewayClasses, gateways, httpRoutes, grpcRoutes, referenceGrants } = this;
    return {
      ...{ gatewayClasses, gateways, httpRoutes, grpcRoutes, referenceGrants },
      service: (id) => this.services.get(id),
      laneOf: (id) => laneOf(this.services.get(id)),
      namespaceLabels: (name) => this.namespaces.get(name)?.meta.labels,
      tlsMaterial: (secret) => this.secrets.get(secret),
      policyOf: () => undefined,
      placeOf: (gateway) => places.get(gateway),
      fleet: { readyPods: this.readyPods },
      bundleVersion: 'v1.6.1',
    };
  }

  #places(): ReadonlyMap<string, GatewayPlace> {
    const taken = new Set<number>();
    return new Map(
      [...this.gateways].sort().map(([key, gateway], index) => {
        const context = { namespace: 'lanekeeper-system', type: 'ClusterIP', taken } as const;
        const { targetPorts } = planService(gateway, undefined, context);
        for (const port of targetPorts.values()) taken.add(port);
        return [key, { targetPorts, addresses: [{ type: 'IPAddress', value: `203.0.113.${index + 1}` }] }];
      }),
    );
  }
}

function laneOf(service: KubeService | undefined): string | undefined {
  const standing = standingOf(service?.selector ?? {});
  return standing.kind === 'lane' ? standing.lane : undefined;
}

function materialOf(object: KubeObject): TlsMaterial {
  const data = fieldsOf(object['stringData']);
  const text = (name: string): string =>
    String(data[name]).replace('{CERTIFICATE}', PAIR.cert).replace('{KEY}', PAIR.key);
  return checkTlsMaterial(text('tls.crt'), text('tls.key'));
}
