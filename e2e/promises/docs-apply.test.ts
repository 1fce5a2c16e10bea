import { afterAll, describe, expect, it } from 'vitest';
import { docBlocks, documentsOf, isObject, type DocObject } from '../harness/doc-blocks.ts';
import { installChart } from './harness/chart.ts';
import { installGatewayApi } from './harness/gateway-api.ts';
import { tryKubectl } from './harness/kubectl.ts';
import { useSpace } from './harness/space.ts';

/** Shown as what people come from; their definitions are products of others. */
const OF_OTHERS = ['istio.alibabacloud.com', 'mse.alibabacloud.com'];
const WITHOUT_NAMESPACE = ['IngressClass', 'GatewayClass', 'Namespace'];

const groupOf = ({ apiVersion }: DocObject): string => apiVersion.split('/')[0] ?? '';

const blocks = docBlocks()
  .map((block) => ({ place: block.place, objects: documentsOf(block).filter(isObject) }))
  .map(({ place, objects }) => ({
    place,
    objects: objects.filter((object) => !OF_OTHERS.includes(groupOf(object))),
  }))
  .filter(({ objects }) => objects.length > 0);

describe('the objects that the documentation shows', () => {
  const space = useSpace('docs', 'none');
  let removeGatewayApi: () => Promise<void> = () => Promise.resolve();

  space.setUp(async () => {
    removeGatewayApi = await installGatewayApi();
    await installChart('--set=crds.openSergo=true');
  });
  afterAll(async () => {
    await removeGatewayApi();
    await installChart();
  });

  it('are those of every guide', () => {
    const kinds = blocks.flatMap(({ objects }) => objects.map(({ kind }) => kind));
    for (const kind of ['LaneGroup', 'Lane', 'GatewayConfig', 'TrafficLabelRule', 'Ingress', 'HTTPRoute'])
      expect(kinds).toContain(kind);
  });

  it.each(blocks.map(({ place, objects }) => [place, objects] as const))(
    'are taken by the API server, the schemas and the webhook: %s',
    async (_, objects) => {
      for (const object of objects) {
        const { code, output } = await tryKubectl(
          ['apply', '--dry-run=server', '--validate=strict', '--filename=-'],
          { input: JSON.stringify(placed(object)) },
        );
        expect({ object, code, output }).toMatchObject({ code: 0 });
      }
    },
  );

  /** In the namespace of this promise, wherever the example says. */
  function placed(object: DocObject): object {
    if (WITHOUT_NAMESPACE.includes(object.kind)) return object;
    return { ...object, metadata: { ...object.metadata, namespace: space.name } };
  }
});
