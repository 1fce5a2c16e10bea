import { openNamingClient } from '@lanekeeper/nacos/open-naming-client';
import { GrpcNacos } from '@lanekeeper/nacos/testing/grpc-nacos';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { expect, onTestFinished, test } from 'vitest';
import { createPushReports } from './push-metrics.ts';

const service = { group: 'DEFAULT_GROUP', name: 'b' };

test('counts what a server pushes by its registry and namespace, and no missed change where there is none', async () => {
  const server = await new GrpcNacos().start();
  onTestFinished(() => server.stop());
  const metrics = new Metrics();
  const reportOf = createPushReports(metrics);
  const options = {
    ...{ name: 'main', servers: [server.address], grpcPortOffset: 0, contextPath: '/nacos', namespace: '' },
    ...{ credentials: undefined, tls: undefined, protocol: 'grpc' as const },
  };
  const client = openNamingClient(options, { log: createRecordingLog(), metrics: reportOf(options) });
  onTestFinished(() => client.close());
  const lists: number[] = [];
  client.subscribe(service, ({ instances }) => lists.push(instances.length));
  await expect.poll(() => lists).toEqual([0]);
  server.change(service, [{ ip: '10.0.0.1', port: 80 }]);
  await expect.poll(() => lists).toEqual([0, 1]);
  expect(metrics.expose()).toContain(
    'lanekeeper_nacos_pushes_total{registry="main",namespace="public",outcome="told"} 1',
  );
  expect(metrics.expose()).toContain(
    'lanekeeper_nacos_missed_changes_total{registry="main",namespace="public"} 0',
  );
});
